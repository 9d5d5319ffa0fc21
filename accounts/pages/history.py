"""The history page's questions, as people ask them: two scans to compare, and an instant to look back to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts import asof
from accounts.models import Account, HealthSnapshot, Heartbeat, OpenInterval, ScoringPolicy
from accounts.pages.deduction_lines import words
from accounts.scan import policy_at
from accounts.scoring import Deduction, Scored, score
from tamdash.templatetags.tamdash import moment

FIRST_YEAR = 1990  # no ticket is older: see `accounts.models.signals.validate_year`
MOST_TICKETS = 200


class ScansForm(forms.Form):
    """Two scans, in whichever order; the earlier one becomes `before`."""

    before = forms.TypedChoiceField(label="From the scan of", coerce=int, widget=forms.Select(attrs={"id": "f-before"}))
    after = forms.TypedChoiceField(label="To the scan of", coerce=int, widget=forms.Select(attrs={"id": "f-after"}))

    def __init__(self, *args: Any, known: Sequence[HealthSnapshot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {snapshot.scan_id: snapshot for snapshot in known}
        choices = [(pk, f"{moment(snapshot.scan.at)} · {snapshot.score} {snapshot.rag}") for pk, snapshot in self.known.items()]
        for field in self.fields.values():
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
            field.error_messages = {
                "required": "Choose a scan.",
                "invalid_choice": "This scan is not among those of the account that can be compared. Choose another.",
            }

    def pair(self) -> tuple[HealthSnapshot, HealthSnapshot] | None:
        """The two, the earlier one first; None if the form does not name two different ones."""
        if not self.is_valid():
            return None
        one, other = self.known[self.cleaned_data["before"]], self.known[self.cleaned_data["after"]]
        if one == other:
            self.add_error("after", "This is the same scan twice. Choose another one.")
            return None
        return (one, other) if (one.scan.at, one.scan_id) < (other.scan.at, other.scan_id) else (other, one)


class InstantForm(forms.Form):
    """A past instant on the clock of the tenant. Where the clock showed it twice, `fold` says which of the two."""

    at = forms.CharField(
        label="Date and time",
        max_length=40,
        error_messages={
            "required": "Choose a date and a time.",
            "max_length": "This is not a date and time. Write it like 2026-11-24T07:00.",
        },
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "id": "f-at", "min": f"{FIRST_YEAR}-01-01T00:00"}),
    )
    fold = forms.CharField(required=False)

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now
        self.twice: list[tuple[int, str]] = []  # fold and what tells it apart, where the clock showed it twice
        self.fields["at"].widget.attrs["max"] = f"{now.astimezone(zone):%Y-%m-%dT%H:%M}"

    def clean(self) -> dict[str, Any]:
        if "at" in self.cleaned_data:
            try:
                self.cleaned_data["instant"] = self.instant(self.cleaned_data["at"], self.cleaned_data.get("fold", ""))
            except forms.ValidationError as error:
                self.add_error("at", error)
        return self.cleaned_data

    def instant(self, text: str, fold: str) -> datetime:
        try:
            clock = datetime.fromisoformat(text)
            there = [clock] if clock.tzinfo else [clock.replace(tzinfo=self.zone, fold=number) for number in (0, 1)]
            found = sorted({each.astimezone(UTC) for each in there})
        except (ValueError, OverflowError):
            raise forms.ValidationError("This is not a date and time. Write it like 2026-11-24T07:00.") from None
        if clock.year < FIRST_YEAR:
            raise forms.ValidationError(f"Nothing is known of the years before {FIRST_YEAR}. Choose a later date.")
        if found[0] > self.now:
            raise forms.ValidationError("This lies in the future. Choose a moment that has passed.")
        if len(found) == 1:
            return found[0]
        if found[0].astimezone(self.zone).replace(tzinfo=None) != clock:
            raise forms.ValidationError(
                f"The clocks in {self.zone.key} never showed {clock:%H:%M} on that day: they were put forward. Choose a time before or after."
            )
        if fold in ("0", "1"):
            return found[int(fold)]
        self.twice = [(number, f"{each.astimezone(self.zone):%H:%M %Z}") for number, each in enumerate(found)]
        raise forms.ValidationError(f"The clocks in {self.zone.key} showed {clock:%H:%M} twice on that day. Choose which:")


@dataclass(frozen=True)
class Deducted:
    """A deduction as a row; the age of what it is for is in days."""

    points: int
    icon: str
    text: str
    ticket: OpenInterval | None
    age: float | None


@dataclass(frozen=True)
class Past:
    """An account at a past instant, by the policy in force then."""

    at: datetime
    policy: ScoringPolicy
    scored: Scored
    tickets: list[OpenInterval]
    last_heartbeat: datetime | None

    @property
    def is_known(self) -> bool:
        return bool(self.tickets) or self.last_heartbeat is not None

    @property
    def before_first_policy(self) -> bool:
        return self.policy.activated_at is not None and self.policy.activated_at > self.at

    @property
    def deductions(self) -> list[Deducted]:
        return [self.row(deduction) for deduction in self.scored.deductions]

    def row(self, deduction: Deduction) -> Deducted:
        icon, text = words(deduction, self.policy.rules(), len(self.tickets))
        if deduction.cause == "late_ticket":
            ticket = next(ticket for ticket in self.tickets if asof.seen(ticket) == deduction.tickets[0])
            return Deducted(deduction.points, icon, text, ticket, ticket.age_days(self.at))
        silence = self.scored.hours_since_heartbeat if deduction.cause == "silence" else None
        return Deducted(deduction.points, icon, text, None, None if silence is None else silence / 24)

    @property
    def ticket_rows(self) -> list[tuple[OpenInterval, float]]:
        return [(ticket, ticket.age_days(self.at)) for ticket in self.tickets[:MOST_TICKETS]]


def past(account: Account, at: datetime) -> Past:
    """The account as `scan --at` sees it. Four queries at most."""
    latest = Heartbeat.objects.filter(account=account).first()
    heartbeat = asof.last_heartbeat(account, latest, at)
    tickets = list(account.open_intervals.filter(asof.open_at(at)))
    policy = policy_at(account.tenant, at)
    return Past(at, policy, score(asof.signals(tickets, heartbeat, at), policy.rules(), at), tickets, heartbeat)
