"""`/releases/` and the roadmap, as people see them."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from communications.models import Communication, Release, RhythmRun, RoadmapItem
from tests import make
from tests.conftest import Cast
from tests.releasing import confirm, customers, release, runs, signed_in, statuses

LINES = {
    "version": "4.20",
    "released_on": "2026-12-01",
    "features": "Saved views\r\n\r\n Exports ",
    "affected_integrations": "ERP connector",
}


def page(row: Release, cast: Cast, who: str = "manager", **query: str) -> str:
    answer = signed_in(getattr(cast, who)).get(f"/releases/{row.pk}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def press(row: Release, cast: Cast, **data: str) -> str:
    """What the button of the page does, and says."""
    client = signed_in(cast.manager)
    seen = client.get(f"/releases/{row.pk}/").context["seen"]
    return client.post(f"/releases/{row.pk}/draft/", {"seen": seen} | data, follow=True).content.decode()


def test_an_empty_list_says_what_to_do(cast: Cast) -> None:
    assert "Write the first release" in signed_in(cast.manager).get("/releases/").content.decode()
    assert "A manager writes one." in signed_in(cast.rep).get("/releases/").content.decode()


def test_a_manager_writes_a_release_and_sees_whom_it_matters_to(cast: Cast) -> None:
    customers(cast.tenant, cast.rep, 2)
    client = signed_in(cast.manager)
    said = client.post("/releases/new/", LINES, follow=True).content.decode()
    row = Release.objects.get()
    assert (row.tenant, row.features, row.is_published) == (cast.tenant, ["Saved views", "Exports"], False)
    assert "2 accounts: who and why" in said
    assert "Publish and draft for 2 accounts" in said
    assert "Integrates ERP connector" in said
    client.post(f"/releases/{row.pk}/edit/", LINES | {"version": "4.20.1"})
    row.refresh_from_db()
    assert row.version == "4.20.1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "4.19"}, "There is a release of this version already."),
        ({"features": ""}, "The release says nothing yet."),
        ({"version": ""}, "Version is empty. Write it."),
    ],
)
def test_what_is_wrong_with_a_release_is_said_beside_its_field(cast: Cast, change: dict[str, str], words: str) -> None:
    release(cast.tenant, "4.19")
    answer = signed_in(cast.manager).post("/releases/new/", LINES | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Release.objects.count() == 1


def test_pressing_twice_makes_nothing_double_and_says_so(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 2)
    assert "Drafting notes of 4.19 for 2 accounts." in press(row, cast)
    assert "There was no account left to draft for." in press(row, cast)
    assert statuses(row) == 2 * ["queued"]


def test_who_is_left_out_is_shown_as_left_out_and_gets_none(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    first, second = customers(cast.tenant, cast.rep, 2)
    shown = page(row, cast, without=str(first.pk))
    assert "Left out, put back" in shown
    assert "Publish and draft for 1 account<" in shown
    press(row, cast, without=str(first.pk))
    assert [draft.account for draft in Communication.objects.all()] == [second]


def test_a_rep_sees_only_their_own_and_waits_for_a_manager_to_publish(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 1)
    [theirs] = customers(cast.tenant, cast.other_rep, 1)
    shown = page(row, cast, "rep")
    assert "1 account: who and why" in shown
    assert theirs.name not in shown
    assert "A manager publishes the release first." in shown
    row.is_published = True
    row.save()
    assert "Draft for 1 account<" in page(row, cast, "rep")


def test_nonsense_in_the_address_counts_as_not_given(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 1)
    assert "Publish and draft for 1 account<" in page(row, cast, without="1,,x", why="integration:elsewhere", page="-3")


def test_the_progress_goes_on_until_all_are_written_and_survives_a_reload(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 3)
    confirm(row, cast.manager)
    first, second, third = Communication.objects.order_by("pk")
    Communication.objects.filter(pk=first.pk).update(status="ready")
    client, url = signed_in(cast.manager), f"/releases/{row.pk}/"
    for headers in ({}, {"HX-Request": "true"}):
        shown = client.get(url, headers=headers).content.decode()
        assert "1 of 3 written" in shown
        assert 'aria-valuenow="1"' in shown
        assert 'hx-trigger="every 2s"' in shown
    make.failed(second)
    Communication.objects.filter(pk=third.pk).update(status="approved")
    answer = client.get(url, headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#release"
    shown = answer.content.decode()
    assert "3 of 3 written" in shown
    assert "every 2s" not in shown
    assert "The writer stopped." in shown
    assert "Try the 1 failed again" in shown
    assert "Trying 1 draft again." in client.post(f"{url}retry/", follow=True).content.decode()
    assert statuses(row) == ["ready", "queued", "approved"]
    assert "Nothing was tried again" in client.post(f"{url}retry/", follow=True).content.decode()


def test_the_pages_take_the_same_queries_however_much_there_is(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    client = signed_in(cast.manager)
    for count in (1, 30):
        customers(cast.tenant, cast.rep, count)
        confirm(row, cast.manager)
        Communication.objects.update(status="failed")
        with django_assert_max_num_queries(12):
            client.get("/releases/")
        with django_assert_max_num_queries(12):
            client.get(f"/releases/{row.pk}/")
        for number in range(count):
            release(cast.tenant, f"{count}.{number}")


def test_what_came_by_the_calendar_is_told(cast: Cast) -> None:
    run = RhythmRun.objects.create(
        tenant=cast.tenant, communication_type="health_checkin", period="2026-11-01", drafted=120, skipped=22, finished_at=timezone.now()
    )
    shown = signed_in(cast.rep).get("/releases/").content.decode()
    assert "Health check-in, November 2026" in shown
    assert "120 drafted, 22 left out" in shown
    assert run.get_communication_type_display() not in signed_in(cast.stranger).get("/releases/").content.decode()


def test_the_roadmap_is_written_and_shipped_by_managers(cast: Cast) -> None:
    client = signed_in(cast.manager)
    assert "The roadmap is empty" in client.get("/releases/roadmap/").content.decode()
    item = {"title": "Rules as code", "description": "In Git.", "status": "planned", "horizon": "Q1 2027"}
    client.post("/releases/roadmap/new/", item)
    row = RoadmapItem.objects.get()
    client.post(f"/releases/roadmap/{row.pk}/", item | {"horizon": "Q2 2027"})
    assert "Q2 2027" in signed_in(cast.rep).get("/releases/roadmap/").content.decode()
    assert "There is an item of this title already." in client.post("/releases/roadmap/new/", item).content.decode()
    assert "has shipped" in client.post(f"/releases/roadmap/{row.pk}/ship/", follow=True).content.decode()
    row.refresh_from_db()
    assert row.status == "shipped"


def test_a_misspelt_name_is_told_with_the_one_that_is_on_record(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    runs(make.account(cast.tenant, cast.rep), "Log shipping", on=("Kubernetes 1.31",))
    runs(make.account(cast.stranger.tenant, cast.stranger), "Log shiping")
    row = release(cast.tenant, affected_integrations=["Log shiping", "log shipping"], affected_environments=["Kubernetes", "Nomad"])
    shown = page(row, cast)
    assert "“Log shiping” is on no account’s record.</b> Is it “Log shipping”?" in shown
    assert "“Nomad” is on no account’s record." in shown
    assert shown.count("is on no account’s record") == 2
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(10):
        written = client.get("/releases/new/").content.decode()
    assert "On record: Log shipping." in written
    assert "On record: Kubernetes 1.31." in written
    assert "shiping" not in written
