"""What a scan opens, adds to and closes: escalations."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts import scan
from accounts.models import Account, Escalation, EscalationEvent, ScanRun, ScoringPolicy, Tenant, Ticket
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 6, 4, 7, tzinfo=UTC)
DAY = timedelta(days=1)
RED, AMBER, GREEN = 30, 60, 90


@pytest.fixture
def account() -> Account:
    """Each open ticket costs it one point."""
    tenant = Tenant.objects.create(slug="points", name="Points")
    one_each = {"late_points": 0, "free_tickets": 0, "volume_points": 1, "volume_cap": 100}
    ScoringPolicy.objects.create(tenant=tenant, version=1, status="active", activated_at=NOW - DAY, **one_each)
    return make.account(tenant)


def scanned(account: Account, score: int, day: float = 0) -> ScanRun:
    """The scan so many days later that finds this score."""
    account.tickets.all().delete()
    Ticket.objects.bulk_create(
        Ticket(
            tenant_id=account.tenant_id,
            account=account,
            source="generic",
            external_id=f"{account.pk}-{number}",
            priority=4,
            status="open",
            created_at=NOW - DAY,
        )
        for number in range(100 - score)
    )
    run = scan.scan_tenant(account.tenant, at=NOW + day * DAY)
    assert run.snapshots.get(account=account).score == score
    return run


def resolved_by_hand(account: Account, score: int, rag: str, day: float = 0) -> None:
    values = {"status": "resolved", "resolved_at": NOW + day * DAY, "resolved_score": score, "resolved_rag": rag}
    Escalation.objects.unresolved().filter(account=account).update(**values)


def unresolved(account: Account) -> Escalation | None:
    return Escalation.objects.unresolved().filter(account=account).first()


def kinds(escalation: Escalation | None) -> list[str]:
    return list(EscalationEvent.objects.filter(escalation=escalation).order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([RED], "score_below_threshold"),
        ([AMBER, RED], "worsened_to_red"),
        ([GREEN, RED], "worsened_to_red"),
        ([GREEN, AMBER], "early_warning"),
        ([AMBER], None),
        ([AMBER, 45], None),
        ([GREEN, 70], None),
    ],
)
def test_an_escalation_opens_with_its_reason(account: Account, scores: list[int], reason: str | None) -> None:
    for day, score in enumerate(scores):
        run = scanned(account, score, day)
    found = unresolved(account)
    assert (found and found.reason) == reason
    assert run.escalations_opened == (0 if reason is None else 1)


def test_an_escalation_tells_what_the_scan_found_and_when_it_is_due(account: Account) -> None:
    scanned(account, GREEN)
    run = scanned(account, RED, day=1)
    found = Escalation.objects.get()
    assert (found.tenant, found.account, found.opened_by_scan, found.status) == (account.tenant, account, run, "open")
    assert (found.score, found.rag, found.previous_score) == (RED, "Red", GREEN)
    assert (found.opened_at, found.due_at) == (run.at, run.at + timedelta(hours=4))
    event = found.events.get()
    assert (event.kind, event.at, event.actor, event.score, event.rag) == ("opened", run.at, None, RED, "Red")


def test_the_clocks_are_the_tenants(account: Account) -> None:
    account.tenant.settings = {"red_due_hours": 2, "amber_due_hours": 48}
    account.tenant.save()
    other = make.account(account.tenant)
    scanned(account, RED)
    scanned(other, GREEN)
    scanned(other, AMBER, day=1)
    due = dict(Escalation.objects.values_list("rag", "due_at"))
    assert due == {"Red": NOW + timedelta(hours=2), "Amber": NOW + DAY + timedelta(hours=48)}


def test_while_one_is_open_further_triggers_are_events_on_it(account: Account) -> None:
    scanned(account, 39)
    run = scanned(account, 20, day=1)
    found = Escalation.objects.get()
    assert (run.escalations_opened, found.score) == (0, 39)
    assert kinds(found) == ["opened", "triggered"]
    last = found.events.latest("id")
    assert (last.at, last.score, last.rag) == (run.at, 20, "Red")


def test_the_same_score_again_is_no_news(account: Account) -> None:
    for day in range(3):
        scanned(account, RED, day)
    assert kinds(Escalation.objects.get()) == ["opened"]


def test_an_acknowledged_one_is_still_the_one_that_is_open(account: Account) -> None:
    scanned(account, RED)
    Escalation.objects.update(status="acknowledged", acknowledged_at=NOW)
    scanned(account, 20, day=1)
    assert kinds(Escalation.objects.get()) == ["opened", "triggered"]


@pytest.mark.parametrize("status", ["open", "acknowledged"])
def test_back_to_green_resolves_it_as_recovered(account: Account, status: str) -> None:
    scanned(account, RED)
    Escalation.objects.update(status=status, acknowledged_at=None if status == "open" else NOW)
    run = scanned(account, 70, day=1)
    found = Escalation.objects.get()
    assert (found.status, found.recovered, run.escalations_recovered) == ("resolved", True, 1)
    assert (found.resolved_at, found.resolved_score, found.resolved_rag) == (run.at, 70, "Green")
    assert kinds(found) == ["opened", "recovered"]


def test_amber_is_not_recovered(account: Account) -> None:
    scanned(account, RED)
    assert scanned(account, 69, day=1).escalations_recovered == 0
    assert unresolved(account)


def test_after_a_recovery_any_trigger_opens_a_new_one(account: Account) -> None:
    for day, score in enumerate([RED, GREEN, AMBER]):
        scanned(account, score, day)
    assert list(Escalation.objects.order_by("id").values_list("status", "reason")) == [
        ("resolved", "score_below_threshold"),
        ("open", "early_warning"),
    ]


def raised_by_hand(account: Account, rag: str = "Green") -> Escalation:
    person = make.user(account.tenant, "manager")
    values = {"score": GREEN, "rag": rag, "severity": rag, "raised_by": person, "opened_at": NOW, "due_at": NOW + DAY}
    return Escalation.objects.create(tenant=account.tenant, account=account, reason="raised_by_hand", **values)


def test_one_raised_by_hand_while_green_stays_until_the_account_came_back_to_green(account: Account) -> None:
    scanned(account, GREEN)
    raised = raised_by_hand(account)
    scanned(account, 95, day=1)
    assert unresolved(account) == raised
    scanned(account, AMBER, day=2)
    scanned(account, GREEN, day=3)
    assert unresolved(account) is None
    assert kinds(raised) == ["triggered", "recovered"]


def test_one_raised_while_a_scan_turned_the_account_green_is_resolved_by_the_next() -> None:
    """The person still saw Amber, and the scan did not see the escalation yet."""
    account = make.account(make.tenant())
    scan.scan_tenant(account.tenant, at=NOW)
    raised = raised_by_hand(account, rag="Amber")
    assert scan.scan_tenant(account.tenant, at=NOW + DAY).escalations_recovered == 1
    assert kinds(raised) == ["recovered"]


def test_one_raised_by_hand_before_any_scan_stays_when_the_first_finds_green(account: Account) -> None:
    raised = raised_by_hand(account)
    scanned(account, GREEN)
    assert unresolved(account) == raised


@pytest.mark.parametrize(
    ("score", "days", "opens"),
    [
        (35, 1, False),  # the same
        (26, 1, False),  # nine below
        (25, 1, True),  # ten below
        (35, 6.999, False),
        (35, 7, True),  # still qualifies after a week
        (69, 8, False),  # no longer does
    ],
)
def test_after_a_manual_resolve_while_red_a_new_one_needs_a_reason(account: Account, score: int, days: float, opens: bool) -> None:
    scanned(account, 35)
    resolved_by_hand(account, 35, "Red")
    run = scanned(account, score, days)
    assert bool(unresolved(account)) is opens
    assert run.escalations_opened == opens


@pytest.mark.parametrize(
    ("resolved", "rag", "scores", "opens"),
    [
        (41, "Amber", [39], True),  # worse than at resolution
        (60, "Amber", [75, 55], False),  # Amber again
        (60, "Amber", [75, 50], True),  # Amber again, ten below
        (72, "Green", [69], True),  # worse than Green
        (72, "Green", [38], True),
        (30, "Red", [75, 60], False),  # better than at resolution
        (30, "Red", [75, 30], True),  # Red anew
        (30, "Red", [60, 35], True),  # the same, from Amber
    ],
)
def test_after_a_manual_resolve_a_worse_rag_opens_a_new_one(
    account: Account, resolved: int, rag: str, scores: list[int], opens: bool
) -> None:
    scanned(account, RED)
    resolved_by_hand(account, resolved, rag)
    scanned(account, resolved, day=0.5)
    resolved_by_hand(account, resolved, rag)
    assert unresolved(account) is None
    for number, score in enumerate(scores):
        scanned(account, score, day=1 + number)
    assert bool(unresolved(account)) is opens


def test_only_the_latest_escalation_decides_about_the_next(account: Account) -> None:
    scanned(account, 10)
    resolved_by_hand(account, 10, "Red", day=0)
    scanned(account, GREEN, day=7)
    scanned(account, 35, day=8)
    resolved_by_hand(account, 35, "Red", day=8)
    scanned(account, 34, day=8.5)
    assert unresolved(account) is None
    assert Escalation.objects.count() == 2
