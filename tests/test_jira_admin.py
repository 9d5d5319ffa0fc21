"""Jira connections: entered and tried by admins, watched by managers, and their secret shown to nobody."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import JiraConnection
from accounts.pull import syncing
from tests.conftest import Cast
from tests.fake_jira import TOKEN, USER, FakeJira, Fault
from tests.pulling import cloud, connected, fill, synced
from tests.test_portfolio_page import signed_in

__all__ = ["cloud"]


def form(jira: FakeJira, **values: Any) -> dict[str, Any]:
    given = {"name": "Support", "base_url": jira.url, "is_cloud": "on", "user": USER, "secret": TOKEN, "jql": "project = SUP"}
    return given | {"every_minutes": "15", "is_active": "on"} | values


def address(row: JiraConnection, step: str = "change") -> str:
    return f"/admin/accounts/jiraconnection/{row.pk}/{step}/"


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(cast.admin)


def test_an_admin_connects_a_jira_which_is_synced_at_once(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    fill(cloud, 3)
    admin.post("/admin/accounts/jiraconnection/add/", form(cloud))
    row = JiraConnection.objects.get()
    assert (row.tenant, row.secret) == (cast.tenant, TOKEN)
    assert syncing.due(timezone.now()) == [row.pk]
    page = admin.get(address(row)).content.decode()
    assert "Set: leave empty to keep it." in page
    for answer in (
        page,
        admin.get("/admin/accounts/jiraconnection/").content.decode(),
        signed_in(cast.manager).get("/jira/").content.decode(),
    ):
        assert TOKEN not in answer
    assert TOKEN not in repr(row)


def test_it_can_be_tried_before_it_is_waited_for(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    fill(cloud, 1240)
    row = connected(cast.tenant, cloud)
    tried = admin.post(address(row, "test"), follow=True).content.decode()
    assert "Connected as Ada Admin. About 1,240 issues match." in tried
    cloud.faults[-1] = Fault(401)
    tried = admin.post(address(row, "test"), follow=True).content.decode()
    assert "It does not work yet. Jira refused the sign-in." in tried
    assert TOKEN not in tried


def test_sync_now_takes_up_what_was_given_up(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    row = connected(cast.tenant, cloud, status="failed", next_run_at=None, attempts=7, error="Jira refused the sign-in.")
    admin.post(address(row, "sync"))
    syncing.pull(row.pk)
    row.refresh_from_db()
    assert (row.status, row.error) == ("idle", "")


def test_another_question_starts_anew_and_ends_the_sync_under_way(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    fill(cloud, 250)
    row = connected(cast.tenant, cloud)
    held = syncing.claim(row.pk, timezone.now())
    assert held
    assert syncing.read_page(held)
    admin.post(address(row), form(cloud, secret="", jql="project = OPS"))
    with pytest.raises(syncing.Lost):
        syncing.read_page(held)
    row.refresh_from_db()
    assert (row.page, row.synced_to, row.claimed_until, row.secret) == ("", None, None, TOKEN)


def test_saving_a_name_leaves_a_sync_under_way_alone(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    fill(cloud, 250)
    row = synced(connected(cast.tenant, cloud))
    before = row.synced_to
    admin.post(address(row), form(cloud, secret="", name="Helpdesk", every_minutes="5"))
    row.refresh_from_db()
    assert (row.name, row.every_minutes, row.synced_to, row.read) == ("Helpdesk", 5, before, 250)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"base_url": "https://elsewhere.example"}, "enter its own API token"),
        ({"base_url": "ftp://jira.example"}, "Enter the address alone"),
        ({"base_url": "https://user:pw@jira.example"}, "Enter the address alone"),
        ({"jql": "project = SUP ORDER BY key"}, "Leave out ORDER BY"),
        ({"user": ""}, "Jira Cloud wants both"),
        ({"every_minutes": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(cast: Cast, admin: Client, cloud: FakeJira, values: dict[str, str], words: str) -> None:
    row = connected(cast.tenant, cloud)
    assert words in admin.post(address(row), form(cloud, secret="") | values).content.decode()
    row.refresh_from_db()
    assert (row.base_url, row.jql) == (cloud.url, "project = SUP")


def test_another_tenants_connection_can_be_neither_tried_nor_seen(cast: Cast, admin: Client, cloud: FakeJira) -> None:
    row = connected(cast.stranger.tenant, cloud, name="Foreign")
    for step in ("test", "sync"):
        assert admin.post(address(row, step)).status_code == 404
    assert "Foreign" not in admin.get("/jira/").content.decode()
    assert cloud.calls == []
    for step in ("test", "sync"):
        assert admin.get(address(connected(cast.tenant, cloud, name=step), step)).status_code == 405
        assert signed_in(cast.manager).post(address(row, step)).status_code == 302


def test_managers_see_how_far_it_is_and_what_to_do(cast: Cast, cloud: FakeJira) -> None:
    client = signed_in(cast.manager)
    assert "No Jira is connected yet" in client.get("/jira/").content.decode()
    row = connected(cast.tenant, cloud, status="running", read=1200, expected=4000, written=1100, refused=2)
    part = client.get("/jira/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "1,200 of about 4,000 issues read, 1,100 tickets new or changed" in part
    assert 'aria-valuenow="1200"' in part
    assert 'hx-trigger="every 2s"' in part
    assert "2 issues could not be understood." in part
    JiraConnection.objects.filter(pk=row.pk).update(status="failed", error="Jira refused <b>you</b>.", next_run_at=None)
    page = client.get("/jira/").content.decode()
    assert "Jira refused &lt;b&gt;you&lt;/b&gt;." in page
    assert "An admin can mend that." in page
    assert "every 2s" not in page
