"""Version 1, put together: `api` with its routers, and `urls` for the project."""

from typing import Any, cast

from django.http import HttpRequest
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from ninja.types import DictStrAny
from pydantic_core import from_json, to_json

from tamdash.api import accounts, drafts, handoffs, health, heartbeats, problems, tasks, tickets
from tamdash.api.document import openapi
from tamdash.api.door import JSON, door, nowhere
from tamdash.api.once import once
from tamdash.api.problems import Problem


class StrictParser(Parser):
    """JSON as RFC 8259 has it: no NaN, no lone surrogates, no nesting without end."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        if request.content_type != JSON:
            given = f"is {request.content_type[:80]}" if request.content_type else "is missing"
            raise Problem("unsupported-media-type", f"The Content-Type {given}; with curl, add -H 'Content-Type: {JSON}'.")
        return cast(DictStrAny, from_json(request.body, allow_inf_nan=False))


class ExactRenderer(JSONRenderer):
    """Times to the microsecond, which Django's encoder cuts to the millisecond."""

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


ROUTERS = (tickets.router, heartbeats.router, accounts.router, health.router, drafts.router, tasks.router, handoffs.router)
api = Api(
    title="tamdash",
    version="1.0.0",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    parser=StrictParser(),
    renderer=ExactRenderer(),
)
for known in (Exception, *api._exception_handlers):
    api.add_exception_handler(known, problems.answer)  # type: ignore[arg-type]  # it is handed exceptions, never their classes
api.add_decorator(once)
for router in ROUTERS:
    api.add_router("", router)


def urls() -> list[URLPattern]:
    """Every address below `/api/v1/`, each behind the door."""
    patterns: list[Any] = api.urls[0]
    for pattern in patterns:
        pattern.callback = door(pattern.callback)
    described = path("openapi.json", door(openapi), name="openapi")
    return [described, *patterns, re_path(r"^(?P<rest>[\s\S]*)$", door(nowhere), name="nowhere")]
