"""The registry of handoffs: each type with what may be asked for under it, and what its answer has to carry."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """`carries`: the field of TAMHandoffResponse that an answer of this type is not complete without."""

    request_types: frozenset[str]
    carries: Literal["health_score", "escalation_result"]


# A scan belongs to both: it is what is asked for unless something else is said.
HANDOFFS = {
    "health_report": Kind(
        frozenset({"health_scan", "health_checkin", "customer_success_review", "roadmap_preview", "release_notes"}), "health_score"
    ),
    "escalation_alert": Kind(frozenset({"health_scan", "escalation_outreach"}), "escalation_result"),
}
