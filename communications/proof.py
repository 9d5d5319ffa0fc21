"""A draft's claims ready to be shown: marked in its text, each with its sources and the page that holds them."""

import re
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from communications import review
from communications.grounding import Claim, Source, marked
from communications.grounding.marking import text_of, with_marks
from communications.models import Communication, Confirmation
from communications.review import Review, Reviewed, numbered

MARK = re.compile(r'<(?:mark|a) class="[^"]*" id="c(\d+)"')
# Where the account's page shows the parts of the snapshot.
PLACES = {
    "tickets": "tickets",
    "health_score": "h-why",
    "stakeholders": "stakeholders",
    "integrations": "integrations",
    "feature_adoption": "features",
    "customer_environment": "environment",
    "co_dev_opportunities": "codev",
    "communication_history": "h-history",
    "recent_communications": "h-history",
}
ABOUT_THE_ACCOUNT = {"relationship_profile", "resolved_tickets", "last_heartbeat", "deductions", "chosen_path"}


@dataclass(frozen=True)
class Record:
    """A source of a claim, with the page that shows it where there is one."""

    source: Source
    href: str


@dataclass(frozen=True)
class Proven:
    """A claim as the panel shows it. `nth` counts the same words before it in subject or body: so an editor finds it.

    `mark` is the number of the mark in the text that holds it: its own, or that of a claim it lies within.
    """

    number: int
    claim: Claim
    confirmation: Confirmation | None
    records: list[Record]
    nth: int
    mark: int


@dataclass(frozen=True)
class Proof:
    """`subject` and `body` are the draft's own with every claim marked. The lists are in the order of the text."""

    subject: SafeString
    body: SafeString
    open: list[Proven] = field(default_factory=list)
    confirmed: list[Proven] = field(default_factory=list)
    grounded: list[Proven] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.open) + len(self.confirmed) + len(self.grounded)

    @property
    def open_numbers(self) -> str:
        """“claim 5”, “claims 5 and 8”."""
        return f"claim{'' if len(self.open) == 1 else 's'} {numbered([one.number for one in self.open])}" if self.open else ""


def of(draft: Communication) -> Proof:
    """Of the draft's present text."""
    checked = review.of(draft)
    texts = {"subject": draft.subject, "body": text_of(draft.body_html)}
    subject, body = marked_texts(draft, checked)
    marks = [int(number) for number in MARK.findall(subject + body)]

    def shown(one: Reviewed) -> Proven:
        records = [Record(source, page(draft, source.key)) for source in one.claim.sources]
        mark = max((number for number in marks if number <= one.number), default=one.number)
        return Proven(one.number, one.claim, one.confirmation, records, occurrence(texts[one.claim.where], one.claim), mark)

    return Proof(
        subject,
        body,
        open=[shown(one) for one in checked.open],
        confirmed=[shown(one) for one in checked.confirmed],
        grounded=[shown(one) for one in checked.grounded],
        prose=checked.grounding.prose,
    )


def marked_texts(draft: Communication, checked: Review) -> tuple[SafeString, SafeString]:
    """Subject and body. The body was sanitised when it was kept, and what is added to it is escaped."""
    claims = [(one.number, one.claim) for one in checked.claims]
    closed = frozenset(one.claim.key for one in checked.confirmed)
    of_subject = sorted((one for one in claims if one[1].where == "subject"), key=lambda one: one[1].start)
    subject = with_marks(draft.subject, 0, of_subject, closed)
    return mark_safe(subject), mark_safe(marked(draft.body_html, claims, closed))  # noqa: S308 safe as the docstring says


def occurrence(text: str, claim: Claim) -> int:
    """Counted in single spaces, as an editor shows them."""
    before, quote = (" ".join(words.split()) for words in (text[: claim.start], claim.quote))
    return before.count(quote) if quote else 0


def page(draft: Communication, key: str) -> str:
    """Where a record of the snapshot can be read in full; empty for what is on no page."""
    parts = key.split("/")
    if "escalation" in parts and draft.escalation:
        return draft.escalation.get_absolute_url()
    if parts[0] == "release_info" and draft.release_id:
        return reverse("release", args=[draft.release_id])
    if parts[0] == "roadmap_items":
        return reverse("roadmap")
    account = reverse("account", args=[draft.account_id])
    place = next((PLACES[part] for part in parts if part in PLACES), "")
    return f"{account}#{place}" if place else account if parts[0] in ABOUT_THE_ACCOUNT else ""
