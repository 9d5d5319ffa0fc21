"""Handoffs from other software, answered and kept on record."""

import functools
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from ninja import Body, Router, Status
from ninja.decorators import decorate_view
from pydantic import BaseModel, Field, JsonValue

from communications import handoffs
from communications.handoffs import Issues, StrictnessConfig, exchange
from communications.schemas import TAMHandoffRequest, TAMHandoffResponse
from tamdash.api.auth import scoped, token_of
from tamdash.api.problems import Problem
from tamdash.api.shapes import Given
from tamdash.api.tasks import address

router = Router(auth=scoped("handoffs:write"), tags=["Handoffs"])
# Read as it comes, so that also what has not the form of a handoff is on record; the document shows the contract.
FORM = TAMHandoffRequest.model_json_schema() | {"additionalProperties": False}
SHOWN = {"requestBody": {"content": {"application/json": {"schema": FORM}}, "required": True}}
Payload = Annotated[Any, Body()]


def on_record(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around the whole of the operation: also what is no JSON, and never gets as far as the function below, is refused on record."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 400:
            return response
        try:
            body = request.body
        except (UnreadablePostError, RawPostDataException):
            return response  # it broke off on the way: nothing was handed over
        token = token_of(request)
        return refusal(exchange.refuse_unread(body, token.tenant, token), "unreadable").response()

    return answer


@router.post("/handoffs", response={200: TAMHandoffResponse, 202: TAMHandoffResponse}, summary="Hand off", openapi_extra=SHOWN)
@decorate_view(on_record)
def hand_off(request: HttpRequest, response: HttpResponse, body: Payload = None) -> Status[TAMHandoffResponse]:
    """200 with the whole answer, or 202 while its text is being written; the Location then says where to look, with the same token.

    Form and meaning are checked. A refusal is 422, or 400 for what is no JSON, and lists `structural_issues` and `semantic_issues` apart.
    Either type takes every request_type and answers its text; a health_report always carries health_score, an escalation_alert
    escalation_result.
    """
    token = token_of(request)
    try:
        answered = exchange.take(body, token.tenant, token)
    except exchange.Refused as refused:
        raise refusal(refused.issues) from None
    except exchange.Unsettled:
        raise Problem("conflict", "The account changed again and again while the answer was made. Hand off again.") from None
    if answered.run.finished_at:
        return Status(200, answered.response)
    response.headers["Location"] = address(answered.run)
    return Status(202, answered.response)


def refusal(issues: Issues, kind: str = "invalid") -> Problem:
    members: dict[str, Any] = {"structural_issues": list(issues.structural), "semantic_issues": list(issues.semantic)}
    return Problem(kind, "The handoff was refused, and is on record with its issues.", **members)


class Checked(Given):
    """A payload to be checked: what would be handed off, or what was answered."""

    part: Literal["request", "response"] = "request"
    payload: dict[str, JsonValue]


class Verdict(BaseModel):
    """What is wrong with a payload: its form, and what it claims."""

    is_valid: bool
    strictness: Literal["strict", "lenient"]
    structural_issues: list[str]
    semantic_issues: list[str] = Field(description="Looked for only where the form is right.")


@router.post("/handoffs/validate", response=Verdict, summary="Check a handoff")
def check_handoff(request: HttpRequest, body: Checked) -> Verdict:
    """Whether a payload would pass. Nothing is done, and nothing kept on record."""
    kind = str(body.payload.get("handoff_type", "health_report"))
    found = handoffs.validate(kind, body.payload, token_of(request).tenant, part=body.part)
    strictness = StrictnessConfig().get_strictness(kind)
    return Verdict(
        is_valid=not found,
        strictness=strictness.value,
        structural_issues=list(found.structural),
        semantic_issues=list(found.semantic),
    )
