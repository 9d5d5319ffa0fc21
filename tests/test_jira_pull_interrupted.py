"""Syncs cut short, doubled and mixed with webhooks: any of it ends in the same tickets."""

import json
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.ingest import upsert
from accounts.models import JiraConnection, Tenant, Ticket
from accounts.pull import syncing
from accounts.sources import jira_hook, mapping_of
from accounts.tasks import pull_jira, sweep_jira
from tests import make
from tests.fake_jira import FakeJira, Fault, running
from tests.forked import forked
from tests.messages import Told, told
from tests.pulling import MINUTE, START, cloud, connected, fill, in_jira, in_tamdash, synced, tickets
from tests.worker import wait_until

__all__ = ["cloud", "told"]


@pytest.mark.django_db
def test_a_worker_is_told_of_what_is_due_and_of_nothing_else(cloud: FakeJira, told: Told) -> None:
    tenant = make.tenant()
    row = connected(tenant, cloud)
    connected(tenant, cloud, name="Later", next_run_at=timezone.now() + timedelta(hours=1))
    connected(tenant, cloud, name="Off", is_active=False)
    sweep_jira()
    assert told() == [(syncing.PULL, [row.pk])]


@pytest.mark.django_db(transaction=True)
def test_a_sync_whose_worker_was_killed_goes_on_at_the_page_where_it_stopped(cloud: FakeJira) -> None:
    fill(cloud, 45)
    cloud.most = 10
    cloud.faults[4] = Fault(hangs=True)  # the third page
    row = connected(make.tenant(), cloud)
    assert syncing.due(timezone.now()) == [row.pk]
    with forked(pull_jira, row.pk):
        wait_until(lambda: len(cloud.calls) == 5)
    row.refresh_from_db()
    assert (row.status, row.read) == ("running", 19)
    syncing.pull(row.pk)
    assert len(cloud.calls) == 5, "it is still the killed worker's"
    JiraConnection.objects.update(claimed_until=timezone.now())
    syncing.pull(row.pk)
    assert cloud.searches[3]["jql"] == cloud.searches[2]["jql"]
    assert in_tamdash(row.tenant) == in_jira(cloud)
    row.refresh_from_db()
    assert (row.status, row.read) == ("idle", 45)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_pull_once(cloud: FakeJira) -> None:
    fill(cloud, 15)
    cloud.most = 10
    row, start = connected(make.tenant(), cloud), Barrier(4)

    def work() -> None:
        start.wait()
        syncing.pull(row.pk)
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cloud.searches) == 2
    assert in_tamdash(row.tenant) == in_jira(cloud)


@pytest.mark.django_db
def test_who_lost_the_lease_writes_nothing_more(cloud: FakeJira) -> None:
    fill(cloud, 25)
    cloud.most = 10
    row = connected(make.tenant(), cloud)

    def lose(number: int) -> None:
        if number == 3:
            JiraConnection.objects.filter(pk=row.pk).update(claimed_until=timezone.now() + timedelta(hours=1))

    held = syncing.claim(row.pk, timezone.now())
    assert held
    assert syncing.read_page(held)
    lose(3)
    with pytest.raises(syncing.Lost):
        syncing.read_page(held)
    assert Ticket.objects.count() == 10


@pytest.mark.django_db
def test_a_long_sync_lets_others_have_their_turn(cloud: FakeJira, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "AT_A_STRETCH", 0)
    fill(cloud, 25)
    cloud.most = 10
    row = connected(make.tenant(), cloud)
    for expected in (10, 19, 25):
        assert syncing.due(timezone.now()) == [row.pk]
        syncing.pull(row.pk)
        row.refresh_from_db()
        assert row.read == expected
    assert row.status == "idle"


@pytest.mark.django_db
def test_a_page_token_that_is_too_old_costs_a_minute_not_the_sync(cloud: FakeJira) -> None:
    fill(cloud, 30, step=timedelta(milliseconds=1))
    cloud.most = 20
    row = connected(make.tenant(), cloud)
    held = syncing.claim(row.pk, timezone.now())
    assert held
    for _ in range(2):
        assert syncing.read_page(held)
    assert '"token":"' in held.page
    JiraConnection.objects.update(page=held.page.replace('"token":"', '"token":"old'), claimed_until=None)
    assert synced(row).status == "idle"
    assert in_tamdash(row.tenant) == in_jira(cloud)


changes = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["To Do", "In Progress", "Done"]), st.sampled_from(["pull", "hook", "both", "none"])),
    min_size=1,
    max_size=6,
)


@pytest.mark.django_db
@settings(max_examples=6, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=changes)
def test_any_mix_of_pulls_and_webhooks_ends_in_the_same_tickets(settings: Settings, told: list[tuple[int, str, str]]) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    one, other = make.tenant(), make.tenant()
    now = timezone.now().replace(microsecond=0)
    with running() as jira:
        mixed, pulled = connected(one, jira), connected(other, jira)
        for number, (issue, status, way) in enumerate(told):
            at = now - MINUTE + timedelta(seconds=number)
            jira.add(f"SUP-{issue}", at, created=START, status=status)
            if way in ("hook", "both"):
                hooked(one, jira, f"SUP-{issue}", at)
            if way in ("pull", "both"):
                synced(mixed)
        synced(mixed)
        synced(pulled)
        assert tickets(one) == tickets(other)
        assert in_tamdash(one) == in_jira(jira)


def hooked(tenant: Tenant, jira: FakeJira, key: str, at: datetime) -> None:
    event = json.loads(
        json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": at.timestamp() * 1000, "issue": jira.issues[key].shown()})
    )
    reading = mapping_of(tenant, "jira")
    rows = [reading.row(ticket) for ticket in jira_hook.read(event, at).tickets]
    upsert(tenant, "jira", rows, account_by=reading.account_by, as_events=True)
