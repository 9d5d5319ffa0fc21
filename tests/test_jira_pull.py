"""Issues pulled from a Jira: all of them, each change, whatever it answers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.hooks import keeping, processing
from accounts.models import AccountKey, InboundEvent, JiraConnection, SourceMapping, Ticket, TicketSource
from accounts.pull import jira_api, syncing
from tests import make
from tests.conftest import Cast
from tests.fake_jira import FakeJira, Fault
from tests.pulling import MINUTE, cloud, connected, fill, in_jira, in_tamdash, jira, synced

__all__ = ["cloud", "jira"]


def test_a_first_sync_reads_every_issue(cast: Cast, jira: FakeJira) -> None:
    fill(jira, 210)
    account = make.account(cast.tenant)
    AccountKey.objects.create(tenant=cast.tenant, source="jira", key="label:c3", account=account)
    row = synced(connected(cast.tenant, jira))
    assert in_tamdash(cast.tenant) == in_jira(jira)
    assert (row.status, row.expected, row.read, row.written, row.refused, row.error) == ("idle", 210, 210, 210, 0, "")
    assert row.synced_to
    assert abs(row.synced_to - timezone.now()) < MINUTE
    assert row.next_run_at
    assert row.next_run_at > timezone.now() + 14 * MINUTE
    ticket = Ticket.objects.get(external_id="SUP-3")
    assert (ticket.account, ticket.priority, ticket.status) == (account, 2, "open")
    assert TicketSource.objects.get(tenant=cast.tenant).source == "jira"


def test_the_next_sync_reads_what_changed_and_a_little_more(cast: Cast, jira: FakeJira) -> None:
    fill(jira, 30)
    row = synced(connected(cast.tenant, jira))
    before = len(jira.calls)
    jira.add("SUP-4", timezone.now(), status="Done")
    jira.add("SUP-99", timezone.now())
    row = synced(row)
    assert (row.read, row.written) == (2, 2)
    assert len(jira.calls) == before + 2
    assert in_tamdash(cast.tenant) == in_jira(jira)
    row = synced(row)
    assert (row.read, row.written, row.expected) == (2, 0, None)


def test_what_jira_indexed_late_is_found_by_the_overlap(cast: Cast, jira: FakeJira) -> None:
    fill(jira, 3)
    row = synced(connected(cast.tenant, jira))
    jira.add("SUP-50", timezone.now() - syncing.OVERLAP + 2 * MINUTE)  # changed before that sync, and was not shown to it
    synced(row)
    assert in_tamdash(cast.tenant) == in_jira(jira)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Atlantis/Nowhere"])
def test_dates_are_asked_for_in_the_time_zone_of_jiras_user(cast: Cast, jira: FakeJira, zone: str) -> None:
    fill(jira, 2)
    row = connected(cast.tenant, jira)
    jira.zone = zone if zone != "Atlantis/Nowhere" else "Asia/Kolkata"
    synced(row)
    jira.add("SUP-60", timezone.now())
    synced(row)
    assert in_tamdash(cast.tenant) == in_jira(jira)


def test_a_clock_of_ours_that_is_ahead_costs_no_issue(cast: Cast, cloud: FakeJira) -> None:
    cloud.clock = lambda: timezone.now() - timedelta(hours=3)
    row = synced(connected(cast.tenant, cloud))
    assert row.synced_to
    assert abs(row.synced_to - cloud.clock()) < MINUTE


def test_an_issue_that_changes_while_pages_are_read_costs_no_other(cast: Cast, jira: FakeJira) -> None:
    fill(jira, 100)
    jira.most = 40
    busy = iter([f"SUP-{number}" for number in (3, 20, 39, 48, 7, 8)])

    def change(number: int) -> None:
        for key in [key for _, key in zip(range(2), busy, strict=False)]:
            jira.issues[key].status, jira.issues[key].updated = "Done", timezone.now()

    jira.between = change
    row = synced(connected(cast.tenant, jira))
    assert next(busy, None) is None
    synced(row)  # of what changed after the last page; a neighbour it cost would stay unknown
    assert in_tamdash(cast.tenant) == in_jira(jira)


def test_more_issues_in_a_minute_than_a_page_holds_all_come(cast: Cast, jira: FakeJira) -> None:
    """Changed at once, as by an import; some of them move on while they are read."""
    fill(jira, 90, step=timedelta(milliseconds=1))
    jira.most = 18
    busy = iter(range(0, 90, 15))

    def change(number: int) -> None:
        for moved in [moved for _, moved in zip(range(1), busy, strict=False)]:
            jira.issues[f"SUP-{moved}"].updated = timezone.now()

    jira.between = change
    row = synced(connected(cast.tenant, jira))
    assert next(busy, None) is None
    synced(row)  # of what changed after the last page; a neighbour it cost would stay unknown
    assert in_tamdash(cast.tenant) == in_jira(jira)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(429, headers={"Retry-After": "120"}), "asked to be left alone"),
        (Fault(500, "<html>"), "status 500"),
        (Fault(200, "<html>Sign in</html>"), "does not answer as Jira does"),
        (Fault(200, '{"issues": 7}'), "does not answer as Jira does"),
        (Fault(200, '{"issues": []'), "does not answer as Jira does"),
        (Fault(200, "[" * 100_000), "does not answer as Jira does"),
    ],
)
def test_what_may_go_better_is_tried_again_later(cast: Cast, cloud: FakeJira, fault: Fault, words: str) -> None:
    fill(cloud, 30)
    cloud.most = 20
    cloud.faults[3] = fault  # after who we are, how many, and the first page
    row = connected(cast.tenant, cloud)
    syncing.pull(row.pk)
    row.refresh_from_db()
    assert words in row.error
    assert (row.status, row.attempts, row.claimed_until, row.read) == ("running", 1, None, 20)
    wait = (row.next_run_at or timezone.now()) - timezone.now()
    assert timedelta(seconds=119 if fault.status == 429 else 20) < wait < timedelta(seconds=121)
    row = synced(row)
    assert (row.status, row.error, row.attempts, row.read) == ("idle", "", 0, 30)
    assert in_tamdash(cast.tenant) == in_jira(cloud)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(401, "{}"), "refused the sign-in"),
        (Fault(403, "{}"), "browse these projects"),
        (Fault(404, "{}"), "no Jira Cloud under this address"),
        (Fault(302, headers={"Location": "http://127.0.0.1:1/"}), "leads elsewhere"),
    ],
)
def test_what_a_person_has_to_mend_waits_for_one(cast: Cast, cloud: FakeJira, fault: Fault, words: str) -> None:
    cloud.faults[-1] = fault
    row = synced(connected(cast.tenant, cloud))
    assert words in row.error
    assert (row.status, row.next_run_at) == ("failed", None)
    assert syncing.due(timezone.now() + timedelta(days=9)) == []


def test_jiras_own_words_tell_what_is_wrong_with_the_jql(cast: Cast, jira: FakeJira) -> None:
    row = synced(connected(cast.tenant, jira, jql="project = nonsense"))
    assert row.error == "Jira did not accept the question: The value 'nonsense' does not exist for the field 'project'."
    assert row.status == "failed"


@pytest.mark.parametrize("fault", [Fault(hangs=True), Fault(body="x" * 200, drips=True)])
def test_a_jira_that_hangs_or_drips_keeps_no_worker(cast: Cast, cloud: FakeJira, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jira_api, "DEADLINE", 0.4)
    cloud.faults[-1] = fault
    began = timezone.now()
    row = synced(connected(cast.tenant, cloud))
    assert row.error == jira_api.LATE
    assert timezone.now() - began < timedelta(seconds=5)


def test_an_answer_too_large_to_hold_is_not_read_on(cast: Cast, cloud: FakeJira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jira_api, "LARGEST", 1000)
    fill(cloud, 20)
    assert "too large" in synced(connected(cast.tenant, cloud)).error


def test_an_issue_that_cannot_be_read_is_kept_once_and_stops_no_other(cast: Cast, jira: FakeJira) -> None:
    now = timezone.now()
    jira.add("SUP-1", now, priority="Whatever")
    jira.add("SUP-2", now, summary="\0\ud800<script>alert(1)</script>" + "x" * 9000)
    row = synced(connected(cast.tenant, jira))
    assert (row.status, row.refused, row.written) == ("idle", 1, 1)
    assert synced(row).refused == 0
    event = InboundEvent.objects.get()
    assert (event.status, event.ticket, event.error) == ("failed", "SUP-1", "the priority “Whatever” is not known")
    SourceMapping.objects.create(tenant=cast.tenant, source="jira", priorities={"whatever": 1})
    keeping.replay(InboundEvent.objects.all())
    processing.drain()
    event.refresh_from_db()
    assert event.status == "done"
    assert Ticket.objects.get(external_id="SUP-1").priority == 1


def test_issues_in_shapes_that_no_jira_has_harm_nothing(cast: Cast, jira: FakeJira) -> None:
    fill(jira, 3)
    jira.raw = [
        {},
        {"key": None},
        {"key": "X-1", "fields": []},
        {"key": ["a"], "fields": {"created": "yesterday"}},
        {"key": "X-2", "fields": 7},
    ]
    row = synced(connected(cast.tenant, jira))
    assert set(in_tamdash(cast.tenant)) == {"SUP-0", "SUP-1", "SUP-2"}
    assert row.refused == len(jira.raw)


def test_an_issue_moved_to_another_project_ends_under_its_old_key(cast: Cast, jira: FakeJira) -> None:
    now = timezone.now()
    issue = jira.add("SUP-1", now - timedelta(days=2))
    row = synced(connected(cast.tenant, jira))
    del jira.issues["SUP-1"]
    jira.add("OPS-9", now, created=issue.created, moves=[(now, "SUP-1")])
    synced(row)
    old, new = Ticket.objects.get(external_id="SUP-1"), Ticket.objects.get(external_id="OPS-9")
    assert (old.status, new.status) == ("closed", "open")
    assert old.deleted_at


def test_a_jira_feeds_its_own_tenant_alone(cast: Cast, cloud: FakeJira) -> None:
    fill(cloud, 4)
    make.account(cast.stranger.tenant, external_id="c1")
    synced(connected(cast.tenant, cloud))
    assert len(in_tamdash(cast.tenant)) == 4
    assert not Ticket.objects.filter(tenant=cast.stranger.tenant).exists()
    assert not Ticket.objects.filter(account__isnull=False).exists()


def test_what_is_switched_off_or_not_due_is_left_alone(cast: Cast, cloud: FakeJira) -> None:
    off = connected(cast.tenant, cloud, is_active=False)
    later = connected(cast.tenant, cloud, name="Later", next_run_at=timezone.now() + MINUTE)
    assert syncing.due(timezone.now()) == []
    for row in (off, later):
        syncing.pull(row.pk)
    assert cloud.calls == []
    assert set(JiraConnection.objects.values_list("attempts", flat=True)) == {0}


def test_a_private_address_is_not_asked_unless_that_is_allowed(cast: Cast, cloud: FakeJira, settings: object) -> None:
    settings.ALLOW_PRIVATE_URLS = False  # type: ignore[attr-defined]
    row = synced(connected(cast.tenant, cloud))
    assert "TAMDASH_ALLOW_PRIVATE_URLS" in row.error
    assert (row.status, cloud.calls) == ("failed", [])


def test_an_issue_that_the_database_does_not_take_stops_no_other(cast: Cast, cloud: FakeJira) -> None:
    fill(cloud, 5)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_ticket ADD CONSTRAINT not_three CHECK (external_id <> 'SUP-3')")
    row = synced(connected(cast.tenant, cloud))
    assert (row.status, row.written, row.refused) == ("idle", 4, 1)
    assert InboundEvent.objects.get().ticket == "SUP-3"
