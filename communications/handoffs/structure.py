"""Whether a payload has the form of its contract."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from communications.handoffs.registry import HANDOFFS
from communications.schemas import TAMHandoffRequest, TAMHandoffResponse
from communications.work import payload as json_payload
from communications.work.words import problems

CONTRACTS: dict[str, type[TAMHandoffRequest] | type[TAMHandoffResponse]] = {"request": TAMHandoffRequest, "response": TAMHandoffResponse}
LONGEST = {"account_id": 120, "tenant_id": 50, "deal_id": 120}
MOST_NAMED = 20


def read(handoff_type: str, payload: object, part: Literal["request", "response"]) -> TAMHandoffRequest | TAMHandoffResponse | list[str]:
    """The contract, or all that is wrong with the form."""
    if not isinstance(payload, Mapping):
        return ["It is no JSON object."]
    issues = json_payload.issues_of(payload)
    if issues:
        return issues
    contract = CONTRACTS[part]
    issues += surplus(contract, payload)
    if handoff_type not in HANDOFFS:
        issues.append(f"handoff_type: there is no such type. Known are {' and '.join(HANDOFFS)}.")
    elif payload.get("handoff_type", "health_report") != handoff_type:
        issues.append(f"handoff_type: the payload is of another type than {handoff_type}.")
    issues += [f"{name}: it has more than {most} characters." for name, most in LONGEST.items() if is_longer(payload.get(name), most)]
    issues += naive(payload)
    try:
        given = contract.model_validate(payload)
    except ValidationError as error:
        issues += [each for each in problems(error) if not each.startswith("handoff_type:")]
    return issues or given


def surplus(contract: type[BaseModel], payload: Mapping[Any, Any]) -> list[str]:
    """Names that the contract does not know: a slip would pass for something left out."""
    unknown = sorted(str(name)[:80] for name in payload.keys() - contract.model_fields.keys())
    return [f"{name}: there is no such field." for name in unknown[:MOST_NAMED]]


def is_longer(text: object, most: int) -> bool:
    return isinstance(text, str) and len(text) > most


def naive(payload: Mapping[Any, Any]) -> list[str]:
    """An instant without an offset: two systems would mean two instants by it."""
    health = payload.get("health_score")
    told = health.get("scan_timestamp") if isinstance(health, Mapping) else None
    try:
        is_naive = isinstance(told, str) and datetime.fromisoformat(told).tzinfo is None
    except ValueError:
        return []  # the contract says so
    return ["health_score.scan_timestamp: it has no offset from UTC, such as Z."] if is_naive else []
