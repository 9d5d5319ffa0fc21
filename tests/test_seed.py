"""The demo's portfolio: believable, the same each time, and never where its known passwords would matter."""

from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import clock, outreach, trail
from accounts.demo.company import companies
from accounts.models import Account, AccountHealth, Escalation, EscalationEvent, HealthSnapshot, Notification, ScanRun, Tenant, Ticket, User
from communications.models import Release, RoadmapItem
from tests.commands import run

SMALL = ("--accounts", "25", "--days", "6", "--seed", "3", "--today", "2026-11-22")
MIDNIGHT = datetime.fromisoformat("2026-11-22T00:00+01:00")
# What two tenants with the same seed must have in common: everything but ids, the tenant's own name and chance of the moment.
ROWS = """
SELECT external_id, name, tier, region, arr, renewal_date, created_at FROM accounts_account WHERE tenant_id = %(tenant)s;
SELECT external_id, account_key, priority, status, subject, created_at, closed_at, source_version FROM accounts_ticket
WHERE tenant_id = %(tenant)s;
SELECT account.external_id, stakeholder.name, role, email, technical_maturity, notes
FROM accounts_stakeholder stakeholder JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s;
SELECT account.external_id, message.date, communication_type, subject, outcome
FROM accounts_communicationhistory message JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s;
SELECT account.external_id, heartbeat.day, first_at, last_at, count
FROM accounts_heartbeatday heartbeat JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s;
SELECT account.external_id, run.local_date, score, snapshot.previous_score, hours_since_heartbeat FROM accounts_healthsnapshot snapshot
JOIN accounts_scanrun run ON run.id = scan_id JOIN accounts_account account ON account.id = snapshot.account_id
WHERE run.tenant_id = %(tenant)s;
SELECT account.external_id, event.at, event.kind, event.note, event.score, people.name FROM accounts_escalationevent event
JOIN accounts_escalation escalation ON escalation.id = escalation_id JOIN accounts_account account ON account.id = account_id
LEFT JOIN accounts_user people ON people.id = event.actor_id WHERE account.tenant_id = %(tenant)s;
SELECT account.external_id, escalation.opened_at, due_at, muted_until, people.name
FROM accounts_escalation escalation JOIN accounts_account account ON account.id = account_id
LEFT JOIN accounts_user people ON people.id = assignee_id WHERE account.tenant_id = %(tenant)s;
SELECT account.external_id, message.kind, channel, message.status, attempts, message.created_at, delivered_at, error, people.name
FROM accounts_notification message JOIN accounts_escalation escalation ON escalation.id = escalation_id
JOIN accounts_account account ON account.id = account_id
LEFT JOIN accounts_user people ON people.id = recipient_id WHERE account.tenant_id = %(tenant)s
"""


@pytest.fixture
def portfolio(db: None) -> Tenant:
    """160 accounts with 30 days behind them, scanned today."""
    assert run("seed_demo", "--accounts", "160", "--days", "30", "--seed", "1").error == ""
    assert run("scan", "--tenant", "demo").error == ""
    return Tenant.objects.get(slug="demo")


@pytest.fixture
def past(db: None) -> Tenant:
    """As much as it takes for people to have done everything they do."""
    assert run("seed_demo", "--accounts", "80", "--days", "30", "--seed", "1", "--today", "2026-11-22").error == ""
    return Tenant.objects.get(slug="demo")


def rows(slug: str) -> list[list[tuple[object, ...]]]:
    found = []
    with connection.cursor() as cursor:
        for query in ROWS.split(";"):
            cursor.execute(query, {"tenant": Tenant.objects.get(slug=slug).pk})
            found.append(sorted(cursor.fetchall(), key=repr))
    return found


def test_the_portfolio_is_as_troubled_and_as_alive_as_a_real_one(portfolio: Tenant) -> None:
    latest = ScanRun.objects.latest()
    assert (latest.kind, latest.accounts) == ("tenant", 160)
    assert 0.08 <= latest.red / 160 <= 0.13
    assert 0.1 <= latest.amber / 160 <= 0.2
    assert [owner.book.count() for owner in User.objects.exclude(book=None).distinct()] == [20] * 8
    assert 0.05 < Account.objects.filter(heartbeat=None).count() / 160 < 0.25
    assert Ticket.objects.filter(account=None, status="open").count() == 4
    changes = [len(list(trail.entries(health.trail))) for health in AccountHealth.objects.all()]
    assert sum(count > 3 for count in changes) > 40
    assert sum(count == 1 for count in changes) > 20


def test_every_past_day_was_scanned_and_people_answered_its_escalations(portfolio: Tenant) -> None:
    daily = ScanRun.objects.filter(kind="daily")
    yesterday = timezone.localdate(timezone=portfolio.zone) - timedelta(days=1)
    assert set(daily.values_list("local_date", flat=True)) == {yesterday - timedelta(days=ago) for ago in range(30)}
    assert HealthSnapshot.objects.filter(scan__in=daily).count() == 30 * 160
    kinds = set(EscalationEvent.objects.values_list("kind", flat=True))
    assert kinds == set(EscalationEvent.Kind.values) - {"unmuted"}
    past = Escalation.objects.filter(opened_at__lt=timezone.now() - timedelta(days=3))
    answered = past.filter(Q(recovered=True) | ~Q(acknowledged_at=None)).count()
    assert answered > 0.85 * past.count()
    assert not Escalation.objects.filter(Q(acknowledged_at__lt=F("opened_at")) | Q(resolved_at__lt=F("acknowledged_at"))).exists()
    assert not EscalationEvent.objects.filter(kind__in=("acknowledged", "resolved"), actor=None).exists()


def test_people_answer_within_working_hours_and_raised_some_while_green(past: Tenant) -> None:
    hours = past.config.working_hours
    answered = EscalationEvent.objects.exclude(kind__in=("opened", "worsened", "triggered", "recovered"))
    outside = [row.at for row in answered if not clock.worked(row.at, row.at + timedelta(minutes=1), hours, past.zone)]
    assert len(outside) <= 0.1 * answered.count()
    late = answered.filter(kind="acknowledged", at__gt=F("escalation__due_at")).count()
    assert 0 < late < 0.15 * answered.filter(kind="acknowledged").count()
    by_hand = Escalation.objects.filter(reason="raised_by_hand")
    assert by_hand.filter(rag="Green").count() >= 2
    assert all(escalation.events.get(kind="opened").note for escalation in by_hand)
    assert Escalation.objects.muted(MIDNIGHT).count() in (2, 3)
    assert outreach.left_today(past, timezone.now()) == 25


def test_the_last_weeks_messages_mostly_arrived(past: Tenant) -> None:
    told = Notification.objects.all()
    assert set(told.values_list("channel", flat=True)) == {"notion", "event_bus", "email", "chat"}
    assert not told.filter(channel="event_bus").exclude(status="delivered").exists()
    assert not told.filter(channel__in=("notion", "chat")).exclude(status="skipped", error="Not set up.").exists()
    mails = told.filter(channel="email")
    assert mails.filter(status="delivered", recipient=F("escalation__account__owner")).count() == mails.count() - 2
    assert mails.filter(status="failed", error__contains="mailbox is full").count() == 2
    assert mails.filter(attempts__gt=1, status="delivered").count() == 1


def test_the_same_arguments_give_the_same_rows_and_another_seed_others(db: None) -> None:
    for slug in ("one", "two"):
        assert run("seed_demo", *SMALL, "--tenant", slug).error == ""
    assert rows("one") == rows("two")
    assert all(rows("one"))
    run("seed_demo", *SMALL, "--tenant", "three", "--seed", "4")
    assert rows("three")[0] != rows("one")[0]


def test_nothing_of_it_happens_today_or_later(db: None) -> None:
    run("seed_demo", *SMALL)
    tenant = Tenant.objects.get()
    assert not Ticket.objects.filter(Q(created_at__gte=MIDNIGHT) | Q(closed_at__gte=MIDNIGHT)).exists()
    assert not EscalationEvent.objects.filter(at__gte=MIDNIGHT).exists()
    assert not Notification.objects.filter(Q(created_at__gte=MIDNIGHT) | Q(delivered_at__gte=MIDNIGHT)).exists()
    assert ScanRun.objects.latest().local_date == date(2026, 11, 21)
    adopted_at = tenant.policies.get().activated_at
    assert adopted_at is not None
    assert ScanRun.objects.earliest().at == adopted_at + timedelta(hours=7)


def test_the_three_people_of_the_demo_can_sign_in_and_the_other_owners_cannot(db: None, client: Client) -> None:
    run("seed_demo", *SMALL)
    for role in ("rep", "manager", "admin"):
        user = User.objects.get(email=f"{role}@demo.test")
        assert (user.role, user.check_password("tamdash-demo")) == (role, True)
    assert User.objects.get(email="rep@demo.test").book.count() == 3
    assert not any(user.has_usable_password() for user in User.objects.exclude(email__regex="^(rep|manager|admin)@"))


def test_there_is_a_published_release_and_a_roadmap_to_talk_about(db: None) -> None:
    run("seed_demo", *SMALL)
    latest = Release.objects.filter(is_published=True).earliest("-released_on")
    assert (latest.version, latest.is_published, latest.released_on) == ("4.18.0", True, date(2026, 11, 16))
    assert list(RoadmapItem.objects.values_list("horizon", flat=True)) == ["Q1 2027"] * 3 + ["Q2 2027"] + ["Q3 2027"] * 2


def test_a_second_time_it_says_so_and_changes_nothing(db: None) -> None:
    run("seed_demo", *SMALL)
    before = rows("demo")
    again = run("seed_demo", *SMALL)
    assert (again.output.strip(), again.error) == ("The tenant demo has accounts already. Nothing was changed.", "")
    assert rows("demo") == before


def test_outside_demo_mode_it_refuses(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", "tamdash")
    settings.DEMO = False
    assert "demo mode only: set TAMDASH_DEMO=1" in run("seed_demo", *SMALL).error
    assert not User.objects.exists()


def test_an_impossible_size_or_name_is_refused(db: None) -> None:
    assert "from 1 to 1,000,000" in run("seed_demo", "--accounts", "0").error
    assert "slug" in run("seed_demo", *SMALL, "--tenant", "not a slug").error
    assert not Tenant.objects.exists()


def test_no_two_of_two_hundred_thousand_accounts_share_a_name() -> None:
    names = {company.slug for company in islice(companies(1, 200_000), 200_000)}
    assert len(names) == 200_000
    assert max(map(len, names)) <= 120
