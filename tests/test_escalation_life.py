"""The life of an escalation by hand: every step once, with its history row, and told to whom it concerns."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import escalations, scan
from accounts.models import Account, AccountHealth, Escalation, EscalationEvent, Notification, ScanRun, Tenant, User
from accounts.models.escalation import EscalationQuerySet
from tests import make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rows(*escalations: Escalation) -> EscalationQuerySet:
    found: EscalationQuerySet = Escalation.objects.filter(pk__in=[escalation.pk for escalation in escalations])
    return found


def fresh(escalation: Escalation) -> Escalation:
    return Escalation.objects.get(pk=escalation.pk)


def history(escalation: Escalation) -> list[tuple[str, User | None, str]]:
    return [(event.kind, event.actor, event.note) for event in escalation.events.all()]


@pytest.fixture
def opened(cast: Cast) -> Escalation:
    return make.escalation(make.red_account(cast.tenant, cast.rep))


def test_each_step_leaves_its_history(opened: Escalation, cast: Cast) -> None:
    assert escalations.acknowledge(rows(opened), cast.rep) == [opened.pk]
    assert escalations.assign(rows(opened), cast.manager, cast.other_rep) == [opened.pk]
    assert escalations.comment(rows(opened), cast.rep, "Called them") == [opened.pk]
    assert escalations.resolve(rows(opened), cast.manager, "Fixed in 4.2") == [opened.pk]
    assert history(opened) == [
        ("opened", None, ""),
        ("acknowledged", cast.rep, ""),
        ("assigned", cast.manager, "To Otto Other"),
        ("commented", cast.rep, "Called them"),
        ("resolved", cast.manager, "Fixed in 4.2"),
    ]


def test_a_step_that_is_not_possible_changes_nothing_and_leaves_no_trace(opened: Escalation, cast: Cast) -> None:
    escalations.resolve(rows(opened), cast.manager, "Fixed")
    before = history(opened)
    assert escalations.acknowledge(rows(opened), cast.rep) == []
    assert escalations.resolve(rows(opened), cast.manager, "Fixed again") == []
    assert escalations.assign(rows(opened), cast.manager, cast.rep) == []
    assert escalations.mute(rows(opened), cast.manager, timezone.now() + DAY) == []
    assert escalations.unmute(rows(opened), cast.manager) == []
    assert history(opened) == before
    assert escalations.state_of(opened) == f"{opened} is resolved already. Nothing was changed."


def test_a_resolve_remembers_how_the_account_stood(opened: Escalation, cast: Cast) -> None:
    AccountHealth.objects.filter(account=opened.account).update(score=55, rag="Amber")
    escalations.resolve(rows(opened), cast.manager, "Fixed")
    found = fresh(opened)
    assert (found.status, found.resolved_score, found.resolved_rag, found.recovered) == ("resolved", 55, "Amber", False)


def test_many_at_once_move_only_those_that_can(cast: Cast) -> None:
    first, second, third = (make.escalation(make.red_account(cast.tenant)) for _ in range(3))
    escalations.acknowledge(rows(second), cast.manager)
    assert escalations.acknowledge(rows(first, second, third), cast.manager) == [first.pk, third.pk]
    assert EscalationEvent.objects.filter(kind="acknowledged").count() == 3


def test_no_step_reaches_another_tenants(opened: Escalation, cast: Cast) -> None:
    assert escalations.acknowledge(rows(opened), cast.stranger) == []
    assert escalations.comment(rows(opened), cast.stranger, "Hello") == []
    assert fresh(opened).status == "open"
    with pytest.raises(escalations.NotNow):
        escalations.assign(rows(opened), cast.manager, cast.stranger)
    make.check_constraints_at_once()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows(opened).update(assignee=cast.stranger)


def test_nothing_is_assigned_to_somebody_who_has_left(opened: Escalation, cast: Cast) -> None:
    User.objects.filter(pk=cast.rep.pk).update(is_active=False)
    with pytest.raises(escalations.NotNow, match="choose somebody who is active"):
        escalations.assign(rows(opened), cast.manager, User.objects.get(pk=cast.rep.pk))


def test_the_assignee_is_told_once_and_may_acknowledge(opened: Escalation, cast: Cast) -> None:
    assert not Escalation.objects.changeable_by(cast.other_rep).exists()
    escalations.assign(rows(opened), cast.manager, cast.other_rep)
    assert escalations.assign(rows(opened), cast.manager, cast.other_rep) == []
    told = Notification.objects.filter(kind="assigned")
    assert sorted(told.values_list("channel", "recipient")) == [("chat", cast.other_rep.pk), ("email", cast.other_rep.pk)]
    assert Escalation.objects.changeable_by(cast.other_rep).get() == opened


def test_who_takes_it_themselves_is_not_told(opened: Escalation, cast: Cast) -> None:
    escalations.assign(rows(opened), cast.manager, cast.manager)
    assert not Notification.objects.filter(kind="assigned").exists()


def test_a_muted_one_is_out_of_the_queue_and_its_clock_stands_still(opened: Escalation, cast: Cast) -> None:
    until = timezone.now() + 3 * DAY
    Escalation.objects.update(due_at=opened.due_at - 3 * HOUR)
    escalations.mute(rows(opened), cast.manager, until, "Release on Friday")
    before, after = until - HOUR, until + HOUR
    assert not Escalation.objects.audible(before).exists()
    assert Escalation.objects.muted(before).get() == opened
    assert Escalation.objects.audible(after).get() == opened
    assert until + 0.9 * HOUR < fresh(opened).due_at <= until + HOUR
    escalations.mute(rows(opened), cast.manager, until + DAY)
    assert until + DAY + 0.9 * HOUR < fresh(opened).due_at <= until + DAY + HOUR


@pytest.mark.parametrize("hours", [3, -2])
def test_unmuting_gives_back_the_time_that_was_left(opened: Escalation, cast: Cast, hours: int) -> None:
    Escalation.objects.update(due_at=timezone.now() + hours * HOUR)
    escalations.mute(rows(opened), cast.manager, timezone.now() + 3 * DAY)
    assert escalations.unmute(rows(opened), cast.manager) == [opened.pk]
    found = fresh(opened)
    assert found.muted_until is None
    assert abs(found.due_at - (timezone.now() + hours * HOUR)) < timedelta(minutes=1)


@pytest.mark.parametrize("days", [-1, 0, 91])
def test_nothing_is_muted_into_the_past_or_for_ever(opened: Escalation, cast: Cast, days: int) -> None:
    with pytest.raises(escalations.NotNow, match="at most 90 days"):
        escalations.mute(rows(opened), cast.manager, timezone.now() + days * DAY)


def test_an_early_warning_that_turns_red_is_open_anew_and_told_again(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    scan.scan_account(account)
    for _ in range(2):
        make.ticket(account, days=4, priority=1)
    warning = make.escalation(account)
    escalations.acknowledge(rows(warning), cast.rep)
    escalations.mute(rows(warning), cast.manager, timezone.now() + 3 * DAY)
    make.ticket(account, days=4, priority=1)
    for _ in range(6):
        make.ticket(account, priority=4)
    run = scan.scan_account(account)
    found = fresh(warning)
    assert (found.rag, found.severity, found.status, found.muted_until) == ("Amber", "Red", "open", None)
    assert found.due_at == run.at + 4 * HOUR
    assert [kind for kind, _, _ in history(warning)] == ["opened", "acknowledged", "muted", "worsened"]
    assert run.escalations_opened == 0
    worsened = Notification.objects.filter(escalation=warning, kind="worsened")
    assert sorted(worsened.values_list("channel", flat=True)) == ["chat", "email", "event_bus", "notion"]
    scan.scan_account(account)
    assert worsened.count() == 4


def test_one_raised_by_hand_while_green_is_told_like_any_other(cast: Cast) -> None:
    account = make.account(cast.tenant, cast.rep)
    raised = escalations.raise_by_hand(account, cast.rep, "Their sponsor left")
    assert (raised.reason, raised.rag, raised.score, raised.raised_by) == ("raised_by_hand", "Green", 100, cast.rep)
    assert raised.due_at - raised.opened_at == 24 * HOUR
    assert history(raised) == [("opened", cast.rep, "Their sponsor left")]
    assert Notification.objects.filter(escalation=raised, kind="opened").count() == 4
    assert ScanRun.objects.get().account == account, "an account never scanned is scanned first"


def test_a_second_one_is_not_raised(opened: Escalation, cast: Cast) -> None:
    with pytest.raises(escalations.NotNow, match=f"{opened} is open for {opened.account} already"):
        escalations.raise_by_hand(opened.account, cast.rep, "Worse than it looks")
    assert Escalation.objects.count() == 1


def test_an_archived_account_is_not_escalated(cast: Cast) -> None:
    with pytest.raises(escalations.NotNow, match="is archived"):
        escalations.raise_by_hand(make.account(cast.tenant, is_active=False), cast.manager, "Hello")


def test_the_scan_gives_hours_that_are_worked() -> None:
    tenant: Tenant = make.tenant(time_zone="Europe/Berlin")
    tenant.settings = {"working_hours": {}}
    tenant.save()
    account: Account = make.account(tenant)
    friday_evening = datetime(2025, 6, 6, 15, tzinfo=UTC)
    for priority in (1, 1, 1, 4, 4, 4, 4, 4):
        make.ticket(account, created_at=friday_evening - 5 * DAY, priority=priority)
    scan.scan_tenant(tenant, at=friday_evening)
    monday_morning = datetime(2025, 6, 9, 7, tzinfo=UTC)  # an hour was left on Friday
    assert Escalation.objects.get().due_at == monday_morning + 2 * HOUR
