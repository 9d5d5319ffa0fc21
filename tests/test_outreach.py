"""Outreach that nobody asked for: which escalations get a draft, in what order, within which budget, and never two."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import escalations, outreach
from accounts.models import Account, Escalation, Tenant
from communications import drafts, generation, tasks
from communications.models import Communication
from communications.outreach import UNDER_WAY_AT_ONCE, request
from tests import make
from tests.conftest import Cast
from tests.messages import Told
from tests.test_drafts import at_once
from tests.test_portfolio_page import signed_in


def opened(of: Account, score: int = 20, severity: str = "Red", days_ago: float = 0, **values: object) -> Escalation:
    at = timezone.now() - timedelta(days=days_ago)
    state = {"reason": "worsened_to_red", "score": score, "rag": severity, "severity": severity, "opened_at": at, "due_at": at}
    return Escalation.objects.create(**{"tenant": of.tenant, "account": of} | state | values)


def asked(of: Tenant) -> list[Escalation | None]:
    """The escalations that get a draft now."""
    found = request(of.pk, timezone.now())
    return [Communication.objects.get(pk=pk).escalation for pk in found]


def budget(of: Tenant, per_day: int, zone: str = "UTC") -> None:
    Tenant.objects.filter(pk=of.pk).update(settings={"outreach_per_day": per_day}, time_zone=zone)


def test_an_escalation_gets_one_draft_that_nobody_asked_for(cast: Cast) -> None:
    escalation = opened(make.account(cast.tenant, cast.rep))
    assert asked(cast.tenant) == [escalation]
    draft = Communication.objects.get()
    assert (draft.communication_type, draft.status, draft.requested_by) == ("escalation_outreach", "queued", None)
    assert [(event.actor, event.note) for event in draft.events.all()] == [(None, f"Drafted for {escalation}")]
    assert asked(cast.tenant) == []


def test_raising_one_by_hand_and_a_scan_tell_a_worker_at_once(
    cast: Cast, told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    account = make.account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    make.red_account(cast.tenant, cast.rep)
    for happen in (lambda: escalations.raise_by_hand(account, cast.rep, "They called"), lambda: make.scanned(cast.tenant)):
        with django_capture_on_commit_callbacks(execute=True):
            happen()
        assert ("communications.tasks.request_tenant_outreach", [cast.tenant.pk]) in told()


def test_the_minutes_tick_tells_of_tenants_with_escalations_that_wait(cast: Cast, told: Told) -> None:
    opened(make.account(cast.tenant, cast.rep))
    opened(make.account(cast.tenant, cast.rep))
    tasks.request_outreach()
    assert told() == [("communications.tasks.request_tenant_outreach", [cast.tenant.pk])]


def test_the_minutes_tick_leaves_tenants_alone_that_have_no_budget(cast: Cast, told: Told) -> None:
    budget(cast.tenant, 0)
    opened(make.account(cast.tenant, cast.rep))
    opened(make.account(cast.stranger.tenant))
    tasks.request_outreach()
    assert told() == [("communications.tasks.request_tenant_outreach", [cast.stranger.tenant.pk])]


@pytest.mark.parametrize("status", ["queued", "ready", "failed", "rejected", "sent"])
def test_one_that_has_a_draft_in_whatever_state_gets_no_other(cast: Cast, status: str) -> None:
    escalation = opened(make.account(cast.tenant, cast.rep))
    make.draft(escalation.account, "escalation_outreach", escalation=escalation, status=status)
    assert asked(cast.tenant) == []


def test_what_is_resolved_old_or_of_an_archived_account_gets_none(cast: Cast) -> None:
    now = timezone.now()
    opened(make.account(cast.tenant, cast.rep), days_ago=7.01)
    opened(make.account(cast.tenant, cast.rep, is_active=False))
    opened(make.account(cast.tenant, cast.rep), status="resolved", resolved_at=now)
    opened(make.account(cast.stranger.tenant))
    last = opened(make.account(cast.tenant, cast.rep), days_ago=6.99)
    assert asked(cast.tenant) == [last]


def test_an_account_whose_outreach_is_being_written_gets_its_own_afterwards(cast: Cast) -> None:
    escalation = opened(make.account(cast.tenant, cast.rep))
    other = drafts.request_draft(escalation.account, "escalation_outreach", cast.rep)
    Communication.objects.filter(pk=other.pk).update(escalation=None)
    assert asked(cast.tenant) == []
    generation.generate(other.pk)
    assert asked(cast.tenant) == [escalation]


def test_the_worst_come_first_within_the_budget_of_the_local_day(cast: Cast) -> None:
    budget(cast.tenant, 3)
    amber, bad, worst, same = (
        opened(make.account(cast.tenant, cast.rep), score, severity)
        for score, severity in ((45, "Amber"), (30, "Red"), (10, "Red"), (30, "Red"))
    )
    assert asked(cast.tenant) == [worst, bad, same]
    assert asked(cast.tenant) == []
    yesterday = timezone.now() - timedelta(days=1)
    Communication.objects.filter(escalation=worst).update(created_at=yesterday)
    assert asked(cast.tenant) == [amber]


def test_the_day_ends_at_midnight_where_the_tenant_is(cast: Cast) -> None:
    budget(cast.tenant, 1, "Pacific/Kiritimati")  # 14 hours ahead
    cast.tenant.refresh_from_db()
    now = timezone.now().replace(hour=10, minute=30)  # half past midnight there
    for account in (make.account(cast.tenant), make.account(cast.tenant)):
        opened(account)
    request(cast.tenant.pk, now)
    Communication.objects.update(created_at=now - timedelta(minutes=40))
    assert outreach.left_today(cast.tenant, now) == 1
    Communication.objects.update(created_at=now - timedelta(minutes=20))
    assert outreach.left_today(cast.tenant, now) == 0


def test_what_a_person_asks_for_costs_no_budget_and_what_one_regenerates_has_cost_it(cast: Cast) -> None:
    budget(cast.tenant, 2)
    mine, theirs = opened(make.account(cast.tenant, cast.rep)), opened(make.account(cast.tenant, cast.rep))
    drafts.request_draft(mine.account, "escalation_outreach", cast.rep)
    assert asked(cast.tenant) == [theirs]
    cast.tenant.refresh_from_db()
    draft = Communication.objects.get(escalation=theirs)
    make.failed(draft)
    drafts.retry(Communication.objects.get(pk=draft.pk), cast.rep, draft.version)
    assert outreach.left_today(cast.tenant, timezone.now()) == 1


def test_only_so_many_are_under_way_at_once(cast: Cast) -> None:
    for _ in range(UNDER_WAY_AT_ONCE + 2):
        opened(make.account(cast.tenant, cast.rep))
    assert len(asked(cast.tenant)) == UNDER_WAY_AT_ONCE
    assert asked(cast.tenant) == []
    Communication.objects.update(status="ready")
    assert len(asked(cast.tenant)) == 2


def test_more_escalations_cost_no_more_queries_to_find(cast: Cast) -> None:
    budget(cast.tenant, 0)
    counts = []
    for count in (1, 20):
        for _ in range(count):
            opened(make.account(cast.tenant, cast.rep))
        with CaptureQueriesContext(connection) as queries:
            assert asked(cast.tenant) == []
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_one_draft_each_escalation_and_keep_the_budget(cast: Cast) -> None:
    budget(cast.tenant, 6)
    for _ in range(10):
        opened(make.account(cast.tenant, cast.rep))
    found = at_once(*[lambda: request(cast.tenant.pk, timezone.now())] * 4)
    assert sorted(len(pks) for pks in found if isinstance(pks, list)) == [0, 0, 0, 6]
    assert Communication.objects.values("escalation").distinct().count() == Communication.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_a_person_who_asks_at_the_same_moment_makes_no_second_draft(cast: Cast) -> None:
    escalation = opened(make.account(cast.tenant, cast.rep))
    found = at_once(
        lambda: request(cast.tenant.pk, timezone.now()),
        lambda: drafts.request_draft(escalation.account, "escalation_outreach", cast.rep),
    )
    assert not [error for error in found if isinstance(error, Exception)]
    assert Communication.objects.get().escalation == escalation


def test_it_is_written_without_anybody_having_asked_and_its_owner_finds_it(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep, name="Halden Freight")
    escalation = make.escalation(account)
    (pk,) = request(cast.tenant.pk, timezone.now())
    generation.generate(pk)
    assert Communication.objects.get().status == "ready"
    client = signed_in(cast.rep)
    assert f"ESC-{escalation.pk}" in client.get("/drafts/").content.decode()
    assert f"Drafted for ESC-{escalation.pk}" in client.get(f"/drafts/{pk}/").content.decode()


def test_one_for_an_account_of_nobody_is_written_too(cast: Cast) -> None:
    make.escalation(make.red_account(cast.tenant))
    (pk,) = request(cast.tenant.pk, timezone.now())
    generation.generate(pk)
    assert Communication.objects.get().status == "ready"


@pytest.mark.parametrize(
    ("per_day", "left", "days_ago", "said"),
    [
        (200, 0, 0, "No draft yet: today's budget of 200 is used up."),
        (200, 5, 0, "No draft yet: they are written the worst first, at most 200 a day."),
        (200, 5, 8, "No draft: it opened more than 7 days ago."),
        (0, 0, 0, "No draft: here they are written only when somebody asks."),
    ],
)
def test_why_there_is_none_is_said(cast: Cast, per_day: int, left: int, days_ago: float, said: str) -> None:
    escalation = opened(make.account(cast.tenant, cast.rep), days_ago=days_ago)
    assert outreach.why_none(escalation, per_day, left, timezone.now()) == said
    escalation.status = "resolved"
    assert outreach.why_none(escalation, per_day, left, timezone.now()) == ""


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (25, "No draft yet: they are written the worst first, at most 25 a day."),
        (0, "No draft: here they are written only when somebody asks."),
    ],
)
def test_the_escalation_says_whether_a_draft_is_to_come(cast: Cast, budget: int, words: str) -> None:
    Tenant.objects.filter(pk=cast.tenant.pk).update(settings={"outreach_per_day": budget})
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep))
    assert words in signed_in(cast.manager).get(f"/escalations/{escalation.pk}/").content.decode()


def test_the_escalation_says_that_the_budget_is_used_up(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.tenant.pk).update(settings={"outreach_per_day": 1})
    for _ in range(2):
        make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    tasks.request_tenant_outreach(cast.tenant.pk)
    client = signed_in(cast.manager)
    pages = [client.get(f"/escalations/{pk}/").content.decode() for pk in Escalation.objects.values_list("pk", flat=True)]
    assert sorted("No draft yet: today&#x27;s budget of 1 is used up." in page for page in pages) == [False, True]
