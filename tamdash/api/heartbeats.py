"""Heartbeats in bulk. One that cannot be read is refused by itself, and costs no other."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field, JsonValue, SkipValidation, ValidationError

from accounts import heartbeats
from accounts.heartbeats import MOST, Recorded
from tamdash.api.auth import scoped, token_of
from tamdash.api.shapes import Given, Instant, Text, in_words, text_at

router = Router(auth=scoped("heartbeats:write"), tags=["Signals"])


class Heartbeat(Given):
    """That an account's integration is alive, with what it says beside. What makes no sense of that is left out."""

    account_id: Text
    at: Instant | None = Field(default=None, description="Null: now. At most 90 days ago.")
    features: list[JsonValue] | dict[str, JsonValue] | None = Field(
        default=None, description="Those in use, or each with true or false. Null: nothing is said of them."
    )
    environment: list[JsonValue] | dict[str, JsonValue] | None = Field(
        default=None, description="Facts such as “Kubernetes 1.31”, or names with a value each. Null: nothing is said of it."
    )
    calls: JsonValue = Field(default=None, description="Calls since the last heartbeat.")


class Heartbeats(Given):
    heartbeats: list[Annotated[Heartbeat, SkipValidation]] = Field(max_length=MOST, description="Each is read by itself.")


class HeartbeatResult(BaseModel):
    """What became of one. `repeated`: it was known already."""

    index: int
    account_id: str | None = Field(description="As it was sent. Null where that is no text.")
    result: Literal["recorded", "repeated", "refused"]
    reason: str = Field(description="Why it was refused, or what of it was left out.")


class HeartbeatResults(BaseModel):
    """How many came to which result, and each in the order they were sent."""

    recorded: int
    repeated: int
    refused: int
    items: list[HeartbeatResult]


@router.post("/heartbeats", response=HeartbeatResults, summary="Send heartbeats")
def write_heartbeats(request: HttpRequest, body: Heartbeats) -> HeartbeatResults:
    """Up to 1,000 in one call, in any order and as often as one likes. For a single account its ping address is cheaper."""
    read = [one_of(each) for each in body.heartbeats]
    beats = {index: each for index, each in enumerate(read) if not isinstance(each, str)}
    done = heartbeats.record(token_of(request).tenant, list(beats.values()), timezone.now())
    results = dict(zip(beats, done, strict=True))
    items = [result(index, results.get(index), *each) for index, each in enumerate(zip(body.heartbeats, read, strict=True))]
    counts = {kind: sum(item.result == kind for item in items) for kind in ("recorded", "repeated", "refused")}
    return HeartbeatResults(**counts, items=items)


def one_of(given: object) -> heartbeats.Beat | str:
    """A heartbeat, or why it cannot be read."""
    try:
        beat = Heartbeat.model_validate(given)
    except ValidationError as error:
        return in_words(error)
    return heartbeats.Beat(**beat.model_dump())


def result(index: int, done: Recorded | None, given: object, read: heartbeats.Beat | str) -> HeartbeatResult:
    if done is None:
        return HeartbeatResult(index=index, account_id=text_at(given, "account_id"), result="refused", reason=str(read))
    return HeartbeatResult(index=index, account_id=done.account_id, result=done.status, reason=done.detail)
