import logging
import threading
import time
from contextlib import closing

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import ChannelSettings, Notification
from accounts.notifications import delivery
from accounts.notifications.channels import ChannelError, notion, notion_api
from accounts.schemas import RelationshipProfile
from tests import make
from tests.conftest import Cast
from tests.fake_notion_workspace import SOURCE, TOKEN, Fault, Page, Workspace

TITLE = "Technical Relationship Profile"


def profile(page: Page | None, *environment: str) -> RelationshipProfile:
    # Long enough for three calls.
    given = [*environment, *(f"Cluster {number}" for number in range(210))]
    page_id = page.id if page else None
    return RelationshipProfile(
        account_id="A-1", account_name="Halden", health_score=25, health_rag="Red", profile_page_id=page_id, customer_environment=given
    )


def failure(page: Page | None, token: str = TOKEN) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        notion.update(token, profile(page), SOURCE)
    return caught.value


def profiles(space: Workspace, page: Page) -> list[Page]:
    """What a reader takes for the profile."""
    return [sub for sub in space.below(page) if sub.title == TITLE]


def is_whole(space: Workspace, sub: Page) -> bool:
    return {"Stakeholder map", "Cluster 0", "Cluster 209", "Co-development"} <= set(space.seen(sub))


@pytest.mark.parametrize("done", [False, True], ids=["before it has an effect", "after it, its answer lost"])
def test_a_failure_at_any_call_leaves_a_whole_profile_and_the_next_attempt_ends_with_one(notion_workspace: Workspace, done: bool) -> None:
    space = notion_workspace
    page = space.add_page()
    notion.update(TOKEN, profile(page, "Attempt 0"), "")
    calls = len(space.calls)
    notion.update(TOKEN, profile(page, "Attempt 0"), "")
    calls = len(space.calls) - calls
    assert calls >= 8
    for number in range(calls):
        space.faults = {len(space.calls) + number: Fault(done=done)}
        failure(page)
        assert profiles(space, page)
        assert all(is_whole(space, sub) for sub in profiles(space, page))
        space.faults = {}
        notion.update(TOKEN, profile(page, f"Attempt {number}"), "")
        [only] = space.below(page)
        assert only.title == TITLE
        assert is_whole(space, only)
        assert f"Attempt {number}" in space.seen(only)


@pytest.mark.parametrize("done", [False, True], ids=["before it has an effect", "after it, its answer lost"])
def test_a_failure_at_any_call_never_makes_a_second_page_for_an_account(notion_workspace: Workspace, done: bool) -> None:
    space = notion_workspace
    notion.update(TOKEN, profile(None), SOURCE)
    for number in range(len(space.calls)):
        for page in space.of_source():
            page.in_trash = True
        space.faults = {len(space.calls) + number: Fault(done=done)}
        failure(None)
        space.faults = {}
        notion.update(TOKEN, profile(None), SOURCE)
        [page] = space.of_source()
        assert [sub.title for sub in space.below(page)] == [TITLE]


@pytest.mark.parametrize(
    ("fault", "permanent", "says"),
    [
        (Fault(401, "unauthorized", f"API token {TOKEN} is invalid."), True, "refused the token. An admin can enter a new one"),
        (Fault(403, "restricted_resource", "Insufficient permissions."), True, "let it read, update and insert content"),
        (Fault(404, "object_not_found", "Could not find page."), True, "is not shared with the integration"),
        (Fault(409, "conflict_error", "Conflict occurred while saving."), False, "Somebody else was changing"),
        (Fault(400, "validation_error", f"body failed validation: {TOKEN}"), True, "did not accept the request: body failed validation"),
        (Fault(500), False, "Notion failed (status 500)"),
        (Fault(502, html="<h1>Bad gateway</h1>"), False, "Notion failed (status 502)"),
        (Fault(200, html="<h1>Sign in to the company network</h1>"), False, "does not answer as Notion does"),
        (Fault(200, html="[]"), False, "does not answer as Notion does"),
    ],
)
def test_each_failure_says_what_to_do(
    notion_workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: Fault,
    permanent: bool,
    says: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    notion_workspace.faults = {-1: fault}
    error = failure(notion_workspace.add_page())
    assert says in str(error)
    assert error.permanent is permanent
    assert TOKEN not in str(error)
    assert TOKEN not in caplog.text
    assert "ntn_" not in "".join(capfd.readouterr())
    assert logging.getLogger("notion_client").handlers == []  # the package would add one a client


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (529, "service_overload"), (503, "service_unavailable")])
def test_notion_is_left_alone_for_as_long_as_it_asks(notion_workspace: Workspace, status: int, code: str) -> None:
    notion_workspace.faults = {-1: Fault(status, code, "Slow down.", {"Retry_After": "17"})}
    error = failure(notion_workspace.add_page())
    assert (error.permanent, error.retry_after) == (False, 17)
    assert len(notion_workspace.calls) == 1


@pytest.mark.parametrize(("asked", "heeded"), [("1e15", 3600), ("inf", None), ("nan", None), ("-5", None), ("soon", None)])
def test_a_rest_without_sense_is_not_taken(notion_workspace: Workspace, asked: str, heeded: float | None) -> None:
    notion_workspace.faults = {-1: Fault(429, "rate_limited", "Slow down.", {"Retry_After": asked})}
    assert failure(notion_workspace.add_page()).retry_after == heeded


def test_calls_keep_their_distance(notion_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notion_api, "PACE", 0.05)
    page = notion_workspace.add_page()
    began = time.monotonic()
    notion.update(TOKEN, profile(page), "")
    assert time.monotonic() - began >= 0.05 * (len(notion_workspace.calls) - 1)


@pytest.mark.parametrize("limit", ["TIMEOUT", "DEADLINE"])
def test_a_server_that_hangs_holds_nothing_up(notion_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(notion_api, limit, 0.2)
    notion_workspace.faults = {-1: Fault(hangs=True)}
    began = time.monotonic()
    error = failure(notion_workspace.add_page())
    assert time.monotonic() - began < 5
    assert (str(error), error.permanent) == ("Notion did not answer in time.", False)


def test_time_that_runs_out_after_the_last_answer_is_no_surprise(notion_workspace: Workspace) -> None:
    with pytest.raises(ChannelError, match="did not answer in time") as caught, notion_api.connected(TOKEN) as calls:
        calls.guard.cut()
    assert not caught.value.permanent


def test_a_delivery_always_ends_before_it_is_taken_for_dead() -> None:
    assert delivery.LEASE.total_seconds() > notion_api.DEADLINE + notion_api.TIMEOUT


def test_a_refused_connection_is_tried_again(notion_workspace: Workspace, settings: Settings) -> None:
    settings.NOTION_URL = "http://127.0.0.1:1"
    error = failure(notion_workspace.add_page())
    assert (str(error), error.permanent) == ("Notion could not be reached.", False)


def test_a_private_address_is_not_called(notion_workspace: Workspace, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    error = failure(notion_workspace.add_page())
    assert "is a private one" in str(error)
    assert error.permanent
    assert notion_workspace.calls == []


def test_the_token_does_not_follow_a_redirect(notion_workspace: Workspace) -> None:
    notion_workspace.faults = {0: Fault(307, headers={"Location": f"{notion_workspace.url}/elsewhere"})}
    error = failure(notion_workspace.add_page())
    assert "leads elsewhere" in str(error)
    assert error.permanent
    assert len(notion_workspace.calls) == 1


@pytest.mark.parametrize("token", ["", "ntn_\nX-Injected: 1", "ntn_ü"])
def test_what_cannot_be_a_token_is_not_sent(notion_workspace: Workspace, token: str) -> None:
    error = failure(notion_workspace.add_page(), token)
    assert error.permanent
    assert "ntn_" not in str(error)
    assert notion_workspace.calls == []


def test_what_an_admin_typed_forges_no_line_of_the_log() -> None:
    with pytest.raises(ChannelError) as caught:
        notion.identifier("page\n2026-11-23 ERROR\u202eall is lost")
    assert str(caught.value).startswith("“page 2026-11-23 ERROR all is lost” is not the id")


def test_a_page_in_the_trash_says_so(notion_workspace: Workspace) -> None:
    error = failure(notion_workspace.add_page(in_trash=True))
    assert "is in Notion's trash" in str(error)
    assert error.permanent


def test_a_data_source_that_is_not_shared_says_so(notion_workspace: Workspace) -> None:
    with pytest.raises(ChannelError, match="no such data source, or it is not shared"):
        notion.update(TOKEN, profile(None), "0" * 32)


@pytest.fixture
def row(cast: Cast, notion_workspace: Workspace) -> Notification:
    """What tells Notion of an escalation that a scan has just opened."""
    ChannelSettings.objects.create(tenant=cast.tenant, notion_token=TOKEN, notion_data_source=SOURCE)
    make.red_account(cast.tenant, cast.rep)
    make.scanned(cast.tenant)
    return Notification.objects.get(tenant=cast.tenant, channel="notion")


def test_a_delivery_that_failed_halfway_is_whole_after_the_next(row: Notification, notion_workspace: Workspace) -> None:
    notion_workspace.faults = {6: Fault()}
    delivery.drain(row.tenant_id, "notion")
    row.refresh_from_db()
    assert (row.status, row.error) == ("pending", "Notion failed (status 500).")
    notion_workspace.faults = {}
    delivery.retry(Notification.objects.filter(pk=row.pk))
    Notification.objects.filter(pk=row.pk).update(next_try_at=row.created_at)
    delivery.drain(row.tenant_id, "notion")
    row.refresh_from_db()
    assert row.status == "delivered"
    [page] = notion_workspace.of_source()
    assert [sub.title for sub in notion_workspace.below(page)] == [TITLE]


def test_two_workers_do_not_write_one_page_at_once(row: Notification, notion_workspace: Workspace) -> None:
    held, done = threading.Event(), threading.Event()
    assert row.escalation is not None
    key = f"the Notion page of account {row.escalation.account_id}"

    def hold() -> None:
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    delivery.drain(row.tenant_id, "notion")
    done.set()
    thread.join()
    row.refresh_from_db()
    assert (row.status, row.error) == ("pending", "The account's page is being written already.")
    assert notion_workspace.calls == []
