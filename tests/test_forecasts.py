"""The forecast record: what a scan foretold, replayed from what really happened."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import forecasts, scan, tasks
from accounts.grading import UNRECORDED, Era, Grade, Past, TicketSpan, grade
from accounts.models import Account, Forecast, Heartbeat, HeartbeatDay, ScoringPolicy, TicketSource
from accounts.scoring import OpenTicket, Policy, Signals, score
from tamdash.celery import app
from tests import make
from tests.conftest import Cast
from tests.generated import policies

MADE = datetime(2026, 3, 2, 7, tzinfo=UTC)
HOUR, DAY, US = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def ticket(name: str, opened: timedelta, closed: timedelta | None = None, priority: int = 1) -> TicketSpan:
    """Opened and closed so long after the forecast was made; negative is before."""
    return TicketSpan(OpenTicket(name, priority, MADE + opened), None if closed is None else MADE + closed)


LATE = [ticket("A-1", -5 * DAY), ticket("A-2", -4 * DAY)]  # cost 40
FIVE = [ticket(f"F-{n}", -1 * DAY, priority=4) for n in range(5)]  # with those two, 10
SOON = ticket("A-3", -2 * DAY)  # costs 5, and 20 more a day after the forecast
FORETOLD = SOON.ticket.created_at + 3 * DAY + US


def graded(*spans: TicketSpan, heartbeats: tuple[datetime, ...] = (), changes: tuple[Era, ...] = ()) -> Grade:
    return grade(Past((*LATE, *FIVE, *spans), heartbeats), Policy(), MADE, FORETOLD, changes)


def test_nothing_changed_and_it_came_true() -> None:
    assert graded(SOON) == Grade("came_true", FORETOLD)


def test_who_acted_is_named() -> None:
    assert graded(ticket("A-3", -2 * DAY, 5 * HOUR)) == Grade("averted", None, "A-3 resolved")


def test_a_ticket_resolved_at_the_very_instant_averts_and_a_microsecond_later_does_not() -> None:
    at = FORETOLD - MADE
    assert graded(ticket("A-3", -2 * DAY, at)).outcome == "averted"
    assert graded(ticket("A-3", -2 * DAY, at + US)) == Grade("came_true", FORETOLD)


def test_a_new_ticket_that_turns_it_red_earlier_overtakes() -> None:
    more = [ticket(f"N-{n}", n * HOUR, priority=4) for n in (1, 2)]
    assert graded(SOON, *more) == Grade("overtaken", MADE + 2 * HOUR, "N-1 and N-2 opened")
    assert graded(SOON, *more, ticket("N-3", 2 * HOUR, priority=4)).why == "N-1, N-2 and 1 more opened"


def test_new_tickets_that_decide_nothing_are_not_blamed() -> None:
    assert graded(SOON, ticket("N-1", HOUR, priority=4)).outcome == "came_true"
    assert graded(ticket("A-3", -2 * DAY, HOUR), ticket("F-9", -DAY, HOUR, 4)).why == "A-3 resolved"


def test_a_heartbeat_that_came_back_averts() -> None:
    silent = MADE - 71 * HOUR
    foretold = silent + 72 * HOUR + US
    past = Past((*LATE, *FIVE, ticket("F-7", -DAY, priority=4)), (silent, MADE + HOUR))
    assert grade(Past(past.tickets, (silent,)), Policy(), MADE, foretold).outcome == "came_true"
    assert grade(past, Policy(), MADE, foretold) == Grade("averted", None, "Heartbeat back")


def test_a_heartbeat_that_falls_silent_against_expectation_overtakes() -> None:
    last = MADE - HOUR  # it reports, so the forecast counts on it
    past = Past((*LATE, *FIVE, ticket("F-7", -DAY, priority=4)), (last,))
    assert grade(past, Policy(), MADE, MADE + 80 * HOUR) == Grade("overtaken", last + 72 * HOUR + US, "Heartbeat fell silent")
    assert graded(SOON, heartbeats=(last,)).outcome == "came_true"


def test_a_heartbeat_that_went_on_as_expected_averts_nothing() -> None:
    assert graded(ticket("A-3", -2 * DAY, 5 * HOUR), heartbeats=(MADE - HOUR, MADE + HOUR)).why == "A-3 resolved"
    past = Past((*LATE, *FIVE, ticket("F-7", -DAY, priority=4)), (MADE - HOUR, MADE + 71 * HOUR))
    assert grade(past, Policy(), MADE, MADE + 71 * HOUR + US).why == UNRECORDED


def test_what_no_event_explains_is_said_to_be_a_changed_ticket() -> None:
    assert graded().why == UNRECORDED
    assert graded(SOON, ticket("B-1", -4 * DAY)) == Grade("overtaken", MADE, UNRECORDED)


def test_another_policys_numbers_overtake_only_where_they_decide() -> None:
    strict, same = Policy(red_below=60), Policy(silent_points=14)
    changed = MADE + 2 * HOUR
    assert graded(SOON, changes=(Era(changed, 2, strict),)) == Grade("overtaken", changed, "Version 2 of the policy")
    assert graded(SOON, changes=(Era(changed, 2, Policy(late_points=5)),)) == Grade("overtaken", None, "Version 2 of the policy")
    assert graded(SOON, changes=(Era(changed, 2, same),)).outcome == "came_true"


spans = st.builds(
    ticket,
    st.uuids().map(str),
    st.integers(-7 * 24, 72).map(lambda hours: hours * HOUR),
    st.none() | st.integers(1, 80).map(lambda hours: hours * HOUR),
    st.sampled_from([1, 2, 3]),
).filter(lambda span: span.closed_at is None or span.closed_at >= span.ticket.created_at)
beats = st.lists(st.integers(-160, 80).map(lambda hours: MADE + hours * HOUR), max_size=4)


def slow_first_red(past: Past, eras: list[Era], until: datetime) -> datetime | None:
    """A stupid twin: looks at every instant at which anything at all could differ, and at every half hour."""
    limits = [timedelta(), *(timedelta(hours=h) for e in eras for h in (e.policy.silent_after_hours, e.policy.very_silent_after_hours))]
    limits += [timedelta(days=era.policy.late_after_days) for era in eras]
    happened = [MADE, until, *past.heartbeats, *(era.since for era in eras)]
    happened += [at for span in past.tickets for at in (span.ticket.created_at, span.closed_at) if at]
    instants = {at + limit + tick for at in happened for limit in limits for tick in (-US, timedelta(), US)}
    instants |= {MADE + n * HOUR / 2 for n in range(200)}
    for at in sorted(instant for instant in instants if MADE <= instant <= until):
        policy = [era for era in eras if era.since <= at][-1].policy
        tickets = tuple(s.ticket for s in past.tickets if s.ticket.created_at <= at and (s.closed_at is None or s.closed_at > at))
        known = [heartbeat for heartbeat in past.heartbeats if heartbeat <= at]
        if score(Signals(tickets, max(known, default=None)), policy, at).rag == "Red":
            return at
    return None


@settings(max_examples=300, deadline=None)
@given(st.lists(spans, max_size=9), beats, policies(), st.none() | policies(), st.integers(1, 70), st.integers(1, 70))
def test_the_replay_is_what_a_slow_search_finds(
    tickets: list[TicketSpan], heartbeats: list[datetime], policy: Policy, other: Policy | None, changed: int, ahead: int
) -> None:
    past, foretold = Past(tuple(tickets), tuple(heartbeats)), MADE + ahead * HOUR
    changes = [Era(MADE + changed * HOUR, 2, other)] if other and changed <= ahead else []
    found = grade(past, policy, MADE, foretold, changes)
    really = slow_first_red(past, [Era(MADE, 1, policy), *changes], foretold)
    planned = slow_first_red(past, [Era(MADE, 1, policy)], foretold)
    assert found.red_at == really
    expected = "averted" if really is None else "came_true" if really == foretold else "overtaken"
    assert found.outcome == (expected if really == planned else "overtaken")
    assert (found.why == "") == (found.outcome == "came_true")


def foretell(account: Account, days: float = 2) -> Forecast:
    """An account that was 1 day from Red so many days ago, as a scan of that instant would have said."""
    at = timezone.now() - timedelta(days=days)
    for age in (5, 4, 2):
        make.ticket(account, days=days + age, priority=1, external_id=f"{account.external_id}-{age}")
    for _ in range(5):
        make.ticket(account, days=days + 1, priority=4)
    run = scan.new_run(account.tenant, "account", at, account=account)
    turns = account.tickets.get(external_id=f"{account.external_id}-2").created_at + timedelta(days=3) + US
    return Forecast.objects.create(tenant=account.tenant, account=account, scan=run, made_at=at, turns_red_at=turns)


@pytest.fixture
def old_policy(cast: Cast) -> None:
    cast.tenant.policies.update(activated_at=timezone.now() - timedelta(days=300))


def test_what_is_due_is_graded_once_and_what_is_not_waits(cast: Cast, old_policy: None) -> None:
    due, waiting = foretell(make.account(cast.tenant)), foretell(make.account(cast.tenant), days=0.5)
    now = timezone.now()
    assert forecasts.tenants_with_due(now) == [cast.tenant.pk]
    assert forecasts.grade_due(cast.tenant, now) == 1
    assert forecasts.grade_due(cast.tenant, now) == 0
    due.refresh_from_db()
    waiting.refresh_from_db()
    assert (due.outcome, due.red_at, due.graded_at, waiting.outcome) == ("came_true", due.turns_red_at, now, "")
    assert forecasts.tenants_with_due(now) == []


def test_the_minutes_tick_grades_what_a_person_averted(cast: Cast, old_policy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    forecast = foretell(make.account(cast.tenant))
    resolved = forecast.account.tickets.filter(external_id__endswith="-5")
    resolved.update(status="resolved", closed_at=forecast.made_at + HOUR)
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    tasks.scan_due_tenants()
    forecast.refresh_from_db()
    assert (forecast.outcome, forecast.why) == ("averted", f"{forecast.account.external_id}-5 resolved")


def test_it_waits_for_tickets_that_are_still_to_be_reported_but_not_for_ever(cast: Cast, old_policy: None) -> None:
    forecast = foretell(make.account(cast.tenant))
    source = TicketSource.objects.create(tenant=cast.tenant, source="generic", reported_at=forecast.turns_red_at - HOUR)
    assert forecasts.grade_due(cast.tenant, forecast.turns_red_at + 47 * HOUR) == 0
    source.is_in_use = False
    source.save()
    assert forecasts.known_until(cast.tenant, forecast.turns_red_at) == forecast.turns_red_at
    TicketSource.objects.update(is_in_use=True)
    assert forecasts.grade_due(cast.tenant, forecast.turns_red_at + 48 * HOUR) == 1


def test_heartbeats_are_read_from_the_last_one_before_the_forecast(cast: Cast, old_policy: None) -> None:
    forecast = foretell(make.account(cast.tenant))
    account = forecast.account
    long_ago = forecast.made_at - timedelta(days=20)
    for at in (long_ago - DAY, long_ago):
        HeartbeatDay.objects.create(account=account, day=at.date(), first_at=at, last_at=at + HOUR)
    Heartbeat.objects.create(account=account, last_at=long_ago + HOUR)
    found = forecasts.read_heartbeats({account.pk: forecast.made_at}, timezone.now())
    assert found[account.pk] == {long_ago, long_ago + HOUR}
    forecasts.grade_due(cast.tenant, timezone.now())
    forecast.refresh_from_db()
    assert (forecast.outcome, forecast.red_at) == ("overtaken", forecast.made_at)  # Red by silence already


def test_a_policy_adopted_in_between_is_named(cast: Cast, old_policy: None) -> None:
    forecast = foretell(make.account(cast.tenant))
    ScoringPolicy.objects.update(status="retired")
    ScoringPolicy.objects.create(tenant=cast.tenant, version=2, status="active", activated_at=forecast.made_at + HOUR, late_points=1)
    forecasts.grade_due(cast.tenant, timezone.now())
    forecast.refresh_from_db()
    assert (forecast.outcome, forecast.why, forecast.red_at) == ("overtaken", "Version 2 of the policy", None)


def test_more_accounts_cost_no_more_queries_and_other_tenants_are_left_alone(cast: Cast, old_policy: None) -> None:
    theirs = foretell(make.account(cast.stranger.tenant))
    counts = []
    for accounts in (1, 20):
        for _ in range(accounts):
            foretell(make.account(cast.tenant))
        with CaptureQueriesContext(connection) as queries:
            assert forecasts.grade_due(cast.tenant, timezone.now()) == accounts
        counts.append(len(queries))
    assert counts[0] == counts[1]
    theirs.refresh_from_db()
    assert theirs.outcome == ""


def test_more_than_a_batch_is_graded_to_the_end(cast: Cast, old_policy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "BATCH", 2)
    for _ in range(5):
        foretell(make.account(cast.tenant))
    assert forecasts.grade_due(cast.tenant, timezone.now()) == 5
