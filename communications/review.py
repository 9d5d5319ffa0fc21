"""A draft under review: its claims with what somebody vouched for, and what its approval is remembered by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from accounts.models import User
from communications import changes, style_rules
from communications.grounding import Claim, Grounding, ground
from communications.models import Approval, Communication, CommunicationRevision, Confirmation


@dataclass(frozen=True)
class Reviewed:
    """A claim with its number in the draft, and the confirmation of one that has no source."""

    number: int
    claim: Claim
    confirmation: Confirmation | None

    @property
    def is_open(self) -> bool:
        return self.claim.is_flagged and self.confirmation is None


@dataclass(frozen=True)
class Review:
    grounding: Grounding
    confirmations: dict[str, Confirmation]

    @cached_property
    def claims(self) -> list[Reviewed]:
        return [
            Reviewed(number, claim, self.confirmations.get(claim.key) if claim.is_flagged else None)
            for number, claim in enumerate(self.grounding.claims, 1)
        ]

    @property
    def open(self) -> list[Reviewed]:
        return [one for one in self.claims if one.is_open]

    @property
    def confirmed(self) -> list[Reviewed]:
        return [one for one in self.claims if one.confirmation]

    @property
    def grounded(self) -> list[Reviewed]:
        return [one for one in self.claims if not one.claim.is_flagged]

    def find(self, key: str) -> Reviewed | None:
        return next((one for one in self.claims if one.claim.key == key), None)


def of(draft: Communication) -> Review:
    """Of the draft's present text, against what its writer was given. In two queries at most."""
    if not draft.body_html:
        return Review(Grounding(), {})
    instruction = draft.generation.instruction if draft.generation else ""
    checked = ground(draft.subject, draft.body_html, draft.context, instruction)
    rows = Confirmation.objects.filter(communication=draft).select_related("by") if checked.flagged else ()
    return Review(checked, {row.key: row for row in rows})


def numbered(numbers: Sequence[int]) -> str:
    """“1”, “1 and 4”, “1, 4 and 9”."""
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}" if len(numbers) > 1 else str(numbers[0])


def record_approval(draft: Communication, by: User) -> None:
    """How far the text is from what its writer wrote is what house style is learned from."""
    revision = draft.revisions.first()
    if revision is None:
        return
    written = (
        draft.revisions.filter(generation=draft.generation, origin=CommunicationRevision.Origin.GENERATED).order_by("number").first()
        or revision
    )
    old, new = (changes.words("", text.subject, text.body_html) for text in (written, revision))
    Approval.objects.update_or_create(
        revision=revision,
        defaults={
            "communication": draft,
            "by": by,
            "written_words": len(old),
            "changed_words": changes.distance(old, new),
        },
    )
    style_rules.learn(draft, old, new)
