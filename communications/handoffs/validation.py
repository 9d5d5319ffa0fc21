"""Whether a payload may pass as a handoff of its type, in form and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from accounts.models import Tenant
from communications.handoffs import meaning, structure
from communications.handoffs.strictness import StrictnessConfig, ValidationStrictness
from communications.schemas import TAMHandoffRequest


@dataclass(frozen=True)
class Issues:
    """What is wrong with a payload, told apart: its form, and what it claims."""

    structural: tuple[str, ...] = ()
    semantic: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.structural or self.semantic)


def validate(
    handoff_type: str,
    payload: object,
    tenant: Tenant,
    strictness: ValidationStrictness | None = None,
    *,
    part: Literal["request", "response"] = "request",
) -> Issues:
    """What is wrong with the payload as a handoff of that type, from the tenant's point of view: another's account is unknown there.

    LENIENT looks at the form alone; without a strictness, the type's own decides. Meaning is looked at only where the form is right.
    """
    read = structure.read(handoff_type, payload, part)
    if isinstance(read, list):
        return Issues(structural=tuple(read))
    strictness = strictness or StrictnessConfig().get_strictness(handoff_type)
    if strictness == ValidationStrictness.LENIENT:
        return Issues()
    if isinstance(read, TAMHandoffRequest):
        return Issues(semantic=tuple(meaning.of_request(read, tenant)))
    given = payload if isinstance(payload, Mapping) else dict[str, Any]()
    return Issues(semantic=tuple(meaning.of_response(read, given, tenant)))
