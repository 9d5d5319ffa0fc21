"""Check-ins and reviews by the calendar: when they are due, for whom, and never twice."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, CommunicationHistory, Tenant, User
from communications import rhythm
from communications.models import Communication, RhythmRun
from tests import make
from tests.messages import Told
from tests.releasing import signed_in

CHECKIN, REVIEW = "health_checkin", "customer_success_review"
OLD = datetime(2024, 1, 1, tzinfo=UTC)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make.tenant("north", "Europe/Berlin")


@pytest.fixture
def rep(tenant: Tenant) -> User:
    return make.user(tenant)


def account(tenant: Tenant, owner: User | None, **values: int | bool | None) -> Account:
    made = make.account(tenant, owner, **values)
    Account.objects.filter(pk=made.pk).update(created_at=OLD)
    return made


def sent(to: Account, day: date) -> None:
    CommunicationHistory.objects.create(account=to, date=day, communication_type="release_notes", subject="4.18")


def drafted(kind: str = CHECKIN) -> list[tuple[int, date | None]]:
    return list(Communication.objects.filter(communication_type=kind).order_by("account_id", "period").values_list("account", "period"))


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("Europe/Berlin", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 7, 1, 8, tzinfo=UTC)),  # an hour earlier in summer
        ("America/New_York", datetime(2026, 11, 1, 15, tzinfo=UTC)),  # the very day the clocks go back
        ("Asia/Kolkata", datetime(2026, 12, 1, 4, 30, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 11, 30, 20, tzinfo=UTC)),  # the 1st comes sooner there
    ],
)
def test_the_hour_is_ten_of_the_tenants_own_time(zone: str, instant: datetime) -> None:
    tenant = Tenant(time_zone=zone)
    minute = timedelta(minutes=1)
    assert rhythm.period_due(tenant, instant - minute) is None
    assert rhythm.period_due(tenant, instant) == (instant + timedelta(hours=14)).date().replace(day=1)
    assert rhythm.next_instant(tenant, instant - minute) == instant
    assert rhythm.period_due(tenant, instant + rhythm.CATCH_UP - minute) is not None
    assert rhythm.period_due(tenant, instant + rhythm.CATCH_UP + timedelta(hours=1)) is None


def months(tenant: Tenant, kind: str) -> Iterator[int]:
    for month in range(1, 13):
        run = rhythm.run(tenant, kind, at(f"2027-{month:02}-01 10:00"))
        Communication.objects.update(status="sent")
        if run and run.drafted:
            yield month


@pytest.mark.parametrize(
    ("kind", "own", "due"),
    [
        (CHECKIN, None, list(range(1, 13))),
        (CHECKIN, 2, [1, 3, 5, 7, 9, 11]),
        (CHECKIN, 0, []),
        (REVIEW, None, [1, 4, 7, 10]),
        (REVIEW, 6, [1, 7]),
    ],
)
def test_the_months_follow_the_accounts_interval_or_the_tenants(
    tenant: Tenant, rep: User, kind: str, own: int | None, due: list[int]
) -> None:
    account(tenant, rep, **{rhythm.KINDS[kind].setting: own})
    assert list(months(tenant, kind)) == due


def test_a_tenant_that_wants_none_gets_none_but_where_an_account_does(tenant: Tenant, rep: User) -> None:
    tenant.settings = {"checkin_every_months": 0}
    tenant.save()
    account(tenant, rep)
    wants = account(tenant, rep, checkin_every_months=1)
    rhythm.run(tenant, CHECKIN, at("2026-12-01 10:00"))
    assert drafted() == [(wants.pk, date(2026, 12, 1))]


def test_only_active_accounts_of_somebody_who_is_there_are_drafted_for(tenant: Tenant, rep: User) -> None:
    left = make.user(tenant)
    User.objects.filter(pk=left.pk).update(is_active=False)
    for owner, values in ((None, {}), (left, {}), (rep, {"is_active": False})):
        account(tenant, owner, **values)
    new = make.account(tenant, rep)
    Account.objects.filter(pk=new.pk).update(created_at=at("2026-12-01 10:01"))  # it came later and waits for its next month
    theirs = account(tenant, rep)
    run = rhythm.run(tenant, CHECKIN, at("2026-12-02 10:00"))
    assert run is not None
    assert (run.drafted, run.skipped, drafted()) == (1, 0, [(theirs.pk, date(2026, 12, 1))])


def test_who_was_written_to_lately_is_left_out(tenant: Tenant, rep: User) -> None:
    lately, long_ago = account(tenant, rep), account(tenant, rep)
    sent(lately, date(2026, 11, 18))
    sent(long_ago, date(2026, 11, 17))
    run = rhythm.run(tenant, CHECKIN, at("2026-12-01 10:00"))
    assert run is not None
    assert (run.drafted, run.skipped, drafted()) == (1, 1, [(long_ago.pk, date(2026, 12, 1))])


@pytest.mark.parametrize(("status", "waits"), [("queued", True), ("generating", True), ("ready", True), ("sent", False), ("failed", False)])
def test_where_one_waits_for_somebody_already_no_second_is_made(tenant: Tenant, rep: User, status: str, waits: bool) -> None:
    make.draft(account(tenant, rep), status=status)
    rhythm.run(tenant, CHECKIN, at("2026-12-01 10:00"))
    assert Communication.objects.count() == (1 if waits else 2)


def test_however_often_the_tick_comes_it_is_drafted_once(tenant: Tenant, rep: User) -> None:
    account(tenant, rep)
    for minute in (0, 1, 30):
        rhythm.run(tenant, CHECKIN, at(f"2026-12-01 10:{minute:02}"))
        Communication.objects.update(status="rejected")
    assert len(drafted()) == 1
    assert list(rhythm.due(at("2026-12-01 11:00"))) == [(tenant, REVIEW)]
    rhythm.run(tenant, CHECKIN, at("2027-01-01 10:00"))
    assert [period for _, period in drafted()] == [date(2026, 12, 1), date(2027, 1, 1)]


def test_what_was_missed_is_caught_up_within_a_week_and_not_later(tenant: Tenant, rep: User) -> None:
    account(tenant, rep)
    assert rhythm.run(tenant, CHECKIN, at("2026-12-08 10:00")) is None
    assert list(rhythm.due(at("2026-12-08 10:00"))) == []
    assert rhythm.run(tenant, CHECKIN, at("2026-12-08 09:59")) is not None
    assert drafted() == [(Account.objects.get().pk, date(2026, 12, 1))]


REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON communications_communicationevent FOR EACH ROW EXECUTE FUNCTION refuse()"""


def test_a_run_cut_short_leaves_nothing_and_the_next_tick_completes_it(tenant: Tenant, rep: User) -> None:
    account(tenant, rep)
    now = at("2026-12-01 10:00")
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
        with pytest.raises(DatabaseError, match="the disk is full"):
            rhythm.run(tenant, CHECKIN, now)
        cursor.execute("DROP FUNCTION refuse CASCADE")
    assert drafted() == []
    assert RhythmRun.objects.get().finished_at is None
    assert (tenant, CHECKIN) in list(rhythm.due(now))
    rhythm.run(tenant, CHECKIN, now)
    assert len(drafted()) == 1
    assert RhythmRun.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_draft_once_and_tell_workers(told: Told) -> None:
    tenant = make.tenant("north", "Europe/Berlin")
    rep = make.user(tenant)
    for _ in range(10):
        account(tenant, rep)
    start = Barrier(4)

    def tick() -> None:
        start.wait()
        try:
            rhythm.run(tenant, CHECKIN, at("2026-12-01 10:00"))
        finally:
            connection.close()

    threads = [Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drafted()) == 10
    assert RhythmRun.objects.get().drafted == 10
    assert told() == [("communications.tasks.tell_of_waiting_drafts", [])]


def test_however_many_accounts_it_takes_the_same_queries(
    tenant: Tenant, rep: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for month, count in ((11, 1), (12, 30)):
        for _ in range(count):
            account(tenant, rep)
        with django_assert_num_queries(7):
            rhythm.run(tenant, CHECKIN, at(f"2026-{month}-01 10:00"))


def test_whoever_owns_the_account_says_how_often(tenant: Tenant, rep: User) -> None:
    row = account(tenant, rep)
    client, url = signed_in(rep), f"/accounts/{row.pk}/"
    assert "a check-in each month, a review every 3 months." in client.get(url).content.decode()
    assert "Kept." in client.post(f"{url}rhythm/", {"checkin_every_months": "0", "review_every_months": "6"}, follow=True).content.decode()
    assert "no check-in, a review every 6 months." in client.get(url).content.decode()
    refused = client.post(f"{url}rhythm/", {"checkin_every_months": "25"}, follow=True).content.decode()
    assert "Nothing was changed: write a whole number of months, 0 to 24" in refused
    client.post(f"{url}rhythm/", {"checkin_every_months": "", "review_every_months": ""})
    row.refresh_from_db()
    assert (row.checkin_every_months, row.review_every_months) == (None, None)
