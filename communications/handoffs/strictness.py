"""How strictly a handoff to or from other software is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ValidationStrictness(StrEnum):
    """STRICT checks structure and meaning, LENIENT structure only."""

    STRICT = "strict"
    LENIENT = "lenient"


def _default_strictness() -> dict[str, ValidationStrictness]:
    return {
        "health_report": ValidationStrictness.STRICT,
        "escalation_alert": ValidationStrictness.STRICT,
    }


@dataclass(frozen=True)
class StrictnessConfig:
    by_type: Mapping[str, ValidationStrictness] = field(default_factory=_default_strictness)

    def get_strictness(self, handoff_type: str) -> ValidationStrictness:
        """An unknown type is STRICT: a new kind of handoff has to ask for leniency."""
        return self.by_type.get(handoff_type, ValidationStrictness.STRICT)
