"""The offline composer: a draft from the same data as the model's, by rules alone. It says what is on record and nothing else."""

from collections.abc import Callable
from typing import Any

from accounts.schemas import CommunicationType
from communications.answers import DraftAnswer
from communications.composer import checkin, escalation, release, review, roadmap
from communications.composer.letter import signature
from communications.composer.material import Material

__all__ = ["compose", "signature"]

WRITERS: dict[CommunicationType, Callable[[Material], DraftAnswer]] = {
    "escalation_outreach": escalation.write,
    "release_notes": release.write,
    "roadmap_preview": roadmap.write,
    "health_checkin": checkin.write,
    "customer_success_review": review.write,
}


def compose(communication_type: CommunicationType, given: dict[str, Any]) -> DraftAnswer:
    """The signed draft. `given` is a draft's context."""
    return WRITERS[communication_type](Material(given))
