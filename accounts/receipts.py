"""A receipt: all that a stored score was made of, so that anyone can compute it again, with a hash over it.

Pure: a receipt is checked with `scoring` alone. The hash shows a slip or a change of one value; it is no signature.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError

from accounts.schemas import HealthScoreResult, RagStatus, UtcDatetime
from accounts.scoring import Cause, OpenTicket, Policy, Scored, Signals, score

LARGEST = 4_000_000  # bytes: some 30,000 open tickets
MOST_NAMES = 64  # in one object
MOST_NAMED = 20  # differences
SMALL_INTEGER = 32_767  # what a policy's numbers are stored in
TOO_DEEP = "It is nested too deeply: no receipt is."


def within_calendar(moment: datetime) -> datetime:
    if not 1900 <= moment.year <= 2200:
        raise ValueError("lies outside the years 1900 to 2200")
    return moment


def all_numbers(rules: Policy) -> Policy:
    """A number left out would silently be the default's."""
    if missing := sorted(set(Policy.model_fields) - rules.model_fields_set):
        raise ValueError(f"lacks {', '.join(missing)}")
    if wrong := [name for name, number in rules if not 0 <= number <= SMALL_INTEGER]:
        raise ValueError(f"{', '.join(wrong)} must be from 0 to {SMALL_INTEGER:,}")
    return rules


Instant = Annotated[UtcDatetime, AfterValidator(within_calendar)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PolicyInForce(Part):
    version: int = Field(ge=1)
    rules: Annotated[Policy, AfterValidator(all_numbers)]


class CountedTicket(Part):
    ticket_id: str
    source: str
    priority: Literal["P1", "P2", "P3", "P4"]
    created_at: Instant


class Inputs(Part):
    """Open and pending tickets and the last heartbeat at the instant; the score and state that the scan before left."""

    tickets: Annotated[tuple[CountedTicket, ...], FailFast()]
    last_heartbeat: Instant | None
    previous_score: int | None = Field(ge=0, le=100)
    previous_rag: RagStatus | None


class Claim(Part):
    """What a receipt starts from; the rest follows from it."""

    receipt: Literal[1] = 1  # version of this format
    tenant: str
    account_id: str
    scan: int
    at: Instant
    policy: PolicyInForce
    inputs: Inputs


class Deducted(Part):
    cause: Cause
    points: int
    tickets: Annotated[tuple[str, ...], FailFast()]


class Points(Part):
    late: int
    volume: int
    silence: int


class Receipt(Claim):
    """`sha256` is over the receipt's JSON without it: keys sorted, no spaces, all but ASCII escaped."""

    result: HealthScoreResult
    late_ticket_count: int
    points: Points
    deductions: Annotated[tuple[Deducted, ...], FailFast()]
    sha256: str

    def text(self) -> str:
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"


class InvalidReceipt(Exception):
    """The text is no receipt; the message says why."""


def issue(claim: Claim) -> Receipt:
    """The receipt that follows from the claim."""
    signals = Signals(
        tuple(OpenTicket(t.ticket_id, int(t.priority[1]), t.created_at, t.source) for t in claim.inputs.tickets),
        claim.inputs.last_heartbeat,
    )
    scored = score(signals, claim.policy.rules, claim.at)
    rest = {
        "result": result(claim, scored).model_dump(mode="json"),
        "late_ticket_count": scored.late_ticket_count,
        "points": {"late": scored.late_points, "volume": scored.volume_points, "silence": scored.silence_points},
        "deductions": [{"cause": d.cause, "points": d.points, "tickets": [t.ticket_id for t in d.tickets]} for d in scored.deductions],
    }
    content = claim.model_dump(mode="json", include=set(Claim.model_fields)) | rest
    context = {"red_below": claim.policy.rules.red_below}
    return Receipt.model_validate_json(json.dumps(content | {"sha256": sha256(content)}), context=context)


def result(claim: Claim, scored: Scored) -> HealthScoreResult:
    return HealthScoreResult.model_validate(
        {
            "account_id": claim.account_id,
            "score": scored.score,
            "rag_status": scored.rag,
            "previous_score": claim.inputs.previous_score,
            "previous_rag": claim.inputs.previous_rag,
            "p1_p2_ticket_count": scored.p1_p2_ticket_count,
            "oldest_p1_p2_age_days": scored.oldest_p1_p2_age_days,
            "total_open_tickets": scored.total_open_tickets,
            "hours_since_heartbeat": scored.hours_since_heartbeat,
            "scan_timestamp": claim.at,
        },
        context={"red_below": claim.policy.rules.red_below},
    )


def sha256(content: dict[str, Any]) -> str:
    canonical = json.dumps({name: value for name, value in content.items() if name != "sha256"}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def check(text: bytes) -> tuple[Receipt, list[str]]:
    """The receipt that follows from its inputs, and where the text says otherwise: nowhere, if it holds. Raises InvalidReceipt."""
    content = read(text)
    try:
        given = Receipt.model_validate_json(json.dumps(content), strict=True)
    except RecursionError:
        raise InvalidReceipt(TOO_DEEP) from None
    except ValidationError as error:
        raise InvalidReceipt(f"It does not have the form of a receipt: {'; '.join(in_words(error))}.") from None
    try:
        expected = issue(given)
    except OverflowError:
        raise InvalidReceipt("Its numbers are too large to compute with.") from None
    found = [*impossible(given), *differences(content, expected.model_dump(mode="json"))]
    if not found and content["sha256"] != expected.sha256:
        found = ["the hash is not that of the content: something in it was changed, or the hash itself"]
    return expected, found


def read(text: bytes) -> dict[str, Any]:
    """JSON, strictly: no NaN, no infinite number, no name twice."""
    if len(text) > LARGEST:
        raise InvalidReceipt(f"It is larger than {LARGEST // 1_000_000} MB: no receipt is.")
    try:
        content = json.loads(
            text.decode("utf-8-sig"), object_pairs_hook=without_repeats, parse_constant=refuse_constant, parse_float=finite
        )
    except InvalidReceipt:
        raise
    except UnicodeDecodeError:
        raise InvalidReceipt("It is not text in UTF-8.") from None
    except RecursionError:
        raise InvalidReceipt(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise InvalidReceipt(f"It is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except ValueError:
        raise InvalidReceipt("It holds a number with too many digits.") from None
    if not isinstance(content, dict):
        raise InvalidReceipt("It is JSON, but not a receipt: that is an object.")
    return content


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES:
        raise InvalidReceipt(f"It has an object of {len(pairs):,} names: no receipt has.")
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidReceipt("It names a value twice, so that readers could differ on which counts.")
    return found


def refuse_constant(name: str) -> NoReturn:
    raise InvalidReceipt(f"It holds {name}, which is not a number that JSON knows.")


def finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise InvalidReceipt("It holds a number too large to compute with.")
    return number


def in_words(error: ValidationError) -> list[str]:
    errors = error.errors(include_url=False, include_input=False)
    said = {"missing": " is missing", "extra_forbidden": " does not belong there"}
    lines = [f"{shown('.'.join(map(str, e['loc'])))}{said.get(e['type'], ': ' + e['msg'])}" for e in errors[:MOST_NAMED]]
    return [*lines, f"and {len(errors) - MOST_NAMED} more"] if len(errors) > MOST_NAMED else lines


def impossible(given: Receipt) -> Iterator[str]:
    for number, ticket in enumerate(given.inputs.tickets):
        if ticket.created_at > given.at:
            yield f"inputs.tickets.{number} was opened after the instant, so it cannot have counted"
    if given.inputs.last_heartbeat and given.inputs.last_heartbeat > given.at:
        yield "inputs.last_heartbeat lies after the instant"


def differences(given: object, expected: object, path: str = "") -> Iterator[str]:
    """Every value that differs, hash aside; both are of one shape, but for the length of lists."""
    if isinstance(given, dict) and isinstance(expected, dict):
        for name in sorted(given.keys() | expected.keys()):
            at = f"{path}.{shown(name)}" if path else name
            if name not in given or name not in expected:
                yield f"{at} is missing" if name in expected else f"{at} does not belong there"
            elif path or name != "sha256":
                yield from differences(given[name], expected[name], at)
    elif isinstance(given, list) and isinstance(expected, list):
        if len(given) != len(expected):
            yield f"{path} has {len(given)} entries; it follows that there are {len(expected)}"
        for number, (one, other) in enumerate(zip(given, expected, strict=False)):
            yield from differences(one, other, f"{path}.{number}")
    elif given != expected:
        yield f"{path} is {shown(given)}; from the inputs follows {shown(expected)}"


def shown(value: object) -> str:
    """A value on one line of a terminal, whatever it holds."""
    text = value if isinstance(value, str) and value.isascii() and value.isprintable() else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
