"""The steps on one escalation: who may take which, what the page says then, and raising one by hand."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Escalation, Notification, User
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SAYS = {"assign": {"to": "nobody"}, "mute": {"until": "week"}, "comment": {"text": "Called them"}, "resolve": {"reason": "Fixed"}}


@pytest.fixture
def opened(cast: Cast) -> Escalation:
    return make.waiting(make.account(cast.tenant, cast.rep, name="Halden Freight"))


def press(client: Client, row: Escalation, step: str, data: dict[str, object] | None = None) -> str:
    """What the page says after a step without script."""
    return client.post(f"/escalations/{row.pk}/{step}/", data or {}, follow=True).content.decode()


def test_a_manager_assigns_and_the_person_is_told(cast: Cast, opened: Escalation) -> None:
    said = press(signed_in(cast.manager), opened, "assign", {"to": cast.other_rep.pk})
    assert "assigned to Otto Other." in said
    assert "Assigned to Otto Other by Mona Manager" in said
    assert Notification.objects.filter(escalation=opened, kind="assigned", recipient=cast.other_rep).exists()
    assert "assigned to nobody." in press(signed_in(cast.manager), opened, "assign", {"to": "nobody"})


@pytest.mark.parametrize("to", ["stranger", "left", 999_999, "x", -1])
def test_only_who_is_active_here_is_assigned(cast: Cast, opened: Escalation, to: str | int) -> None:
    User.objects.filter(pk=cast.other_rep.pk).update(is_active=False)
    number = {"stranger": cast.stranger.pk, "left": cast.other_rep.pk}.get(str(to), to)
    assert "Nobody who is active here has this number." in press(signed_in(cast.manager), opened, "assign", {"to": number})
    opened.refresh_from_db()
    assert opened.assignee is None


@pytest.mark.parametrize("given", [{}, {"to": ""}, {"to": " "}])
def test_saying_nobodys_name_takes_nothing_from_anybody(cast: Cast, opened: Escalation, given: dict[str, object]) -> None:
    Escalation.objects.filter(pk=opened.pk).update(assignee=cast.other_rep)
    assert "Choose who is to deal with it." in press(signed_in(cast.manager), opened, "assign", given)
    opened.refresh_from_db()
    assert opened.assignee == cast.other_rep


def test_a_step_that_was_not_needed_says_so(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.manager)
    to: dict[str, object] = {"to": cast.other_rep.pk}
    press(client, opened, "assign", to)
    assert f"{opened} is assigned to Otto Other already. Nothing was changed." in press(client, opened, "assign", to)
    assert f"{opened} is not muted. Nothing was changed." in press(client, opened, "unmute")
    press(client, opened, "resolve", {"reason": "Fixed"})
    assert f"{opened} is resolved already. Nothing was changed." in press(client, opened, "assign", {"to": "nobody"})
    assert f"{opened} is resolved already. Nothing was changed." in press(client, opened, "unmute")


def test_muting_until_tomorrow_takes_it_out_until_the_morning(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.manager)
    before = timezone.now()
    said = press(client, opened, "mute", {"until": "tomorrow", "why": "They are moving"})
    opened.refresh_from_db()
    assert opened.muted_until
    tomorrow = [(pressed + timedelta(days=1)).date() for pressed in (before, timezone.now())]
    assert opened.muted_until.date() in tomorrow
    assert opened.muted_until.hour == 8
    assert "Muted by Mona Manager. Until " in said
    assert ": They are moving" in said
    assert "Halden Freight</a>" not in client.get("/escalations/").content.decode()
    assert "Unmuted by Mona Manager" in press(client, opened, "unmute")
    assert "Halden Freight</a>" in client.get("/escalations/").content.decode()


def test_a_morning_is_that_of_a_working_day(cast: Cast, opened: Escalation) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    cast.tenant.settings = {"working_hours": {"start": "09:30", "days": [f"{tomorrow + timedelta(days=2):%a}"]}}
    cast.tenant.save()
    assert "Muted by Mona Manager. Until " in press(signed_in(cast.manager), opened, "mute", {"until": "tomorrow"})
    opened.refresh_from_db()
    assert opened.muted_until
    assert f"{opened.muted_until:%Y-%m-%d %H:%M}" == f"{tomorrow + timedelta(days=2):%Y-%m-%d} 09:30"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"until": "typed", "typed": "2020-01-01T09:00"}, "Mute until a time from now on, at most 90 days ahead."),
        ({"until": "typed", "typed": "0001-01-01T00:00:00+23:59"}, "Write a date and a time that the clock shows"),
        ({"until": "typed", "typed": "soon"}, "Write a date and a time that the clock shows"),
        ({"until": "typed"}, "Choose until when."),
        ({"until": "never"}, "Select a valid choice"),
        ({}, "Choose until when."),
    ],
)
def test_a_mute_that_makes_no_sense_changes_nothing(cast: Cast, opened: Escalation, given: dict[str, object], answer: str) -> None:
    assert answer in press(signed_in(cast.manager), opened, "mute", given)
    opened.refresh_from_db()
    assert opened.muted_until is None


def test_a_typed_time_is_of_the_tenants_zone(cast: Cast) -> None:
    tenant = make.tenant("east", "Asia/Tokyo")
    manager = make.user(tenant, "manager")
    row = make.waiting(make.account(tenant))
    day = (timezone.now() + timedelta(days=3)).date()
    press(signed_in(manager), row, "mute", {"until": "typed", "typed": f"{day}T09:00"})
    row.refresh_from_db()
    assert row.muted_until
    assert f"{row.muted_until:%Y-%m-%dT%H:%M}" == f"{day}T00:00"


def test_a_typed_time_may_have_an_offset_that_the_database_does_not_know(cast: Cast, opened: Escalation) -> None:
    day = (timezone.now() + timedelta(days=3)).date()
    press(signed_in(cast.manager), opened, "mute", {"until": "typed", "typed": f"{day}T09:00:00+23:59"})
    opened.refresh_from_db()
    assert opened.muted_until
    assert f"{opened.muted_until:%Y-%m-%dT%H:%M}" == f"{day - timedelta(days=1)}T09:01"


@pytest.mark.parametrize("step", ["assign", "mute", "unmute", "resolve"])
def test_a_rep_leaves_to_managers_what_is_theirs(cast: Cast, opened: Escalation, step: str) -> None:
    assert signed_in(cast.rep).post(f"/escalations/{opened.pk}/{step}/", SAYS.get(step, {})).status_code == 403
    assert not opened.events.exists()


@pytest.mark.parametrize("step", ["acknowledge", "comment"])
def test_who_was_given_one_may_say_so(cast: Cast, opened: Escalation, step: str) -> None:
    client = signed_in(cast.other_rep)
    assert client.post(f"/escalations/{opened.pk}/{step}/", SAYS.get(step, {})).status_code == 403
    Escalation.objects.filter(pk=opened.pk).update(assignee=cast.other_rep)
    assert client.post(f"/escalations/{opened.pk}/{step}/", SAYS.get(step, {})).status_code == 302
    assert opened.events.count() == 1


@pytest.mark.parametrize("step", ["acknowledge", "assign", "mute", "unmute", "resolve", "comment", "retry"])
def test_another_tenants_is_not_there(cast: Cast, opened: Escalation, step: str) -> None:
    assert signed_in(cast.stranger).post(f"/escalations/{opened.pk}/{step}/", SAYS.get(step, {})).status_code == 404
    assert not opened.events.exists()


def test_a_note_stays_text_and_an_empty_one_is_none(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.rep)
    assert "The note is empty. Write it." in press(client, opened, "comment", {"text": " "})
    said = press(client, opened, "comment", {"text": "<b>They</b>\ncalled"})
    assert "Rita Rep: &lt;b&gt;They&lt;/b&gt;<br>called" in said


def test_a_step_without_script_comes_back_to_the_same_place(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.manager)
    kept = "?tab=waiting&severity=Red"
    answer = client.post(f"/escalations/{opened.pk}/acknowledge/{kept}", {"beside": ""})
    assert answer.headers["Location"] == f"/escalations/{kept}"
    answer = client.post(f"/escalations/{opened.pk}/resolve/{kept}", {"reason": "Fixed", "beside": opened.pk})
    assert answer.headers["Location"] == f"/escalations/{opened.pk}/{kept}"


def test_a_step_with_script_answers_with_the_queue_and_says_that_counts_changed(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.manager)
    client.get("/escalations/?tab=waiting")
    answer = client.post(f"/escalations/{opened.pk}/acknowledge/?tab=waiting", {"beside": ""}, headers=HTMX)
    assert answer.status_code == 200
    assert "escalations-changed" in answer.headers["HX-Trigger-After-Settle"]
    assert "Halden Freight, acknowledged." in answer.headers["HX-Trigger-After-Settle"]
    assert "Nothing waits for an acknowledgement" in answer.content.decode()
    assert '<span class="n">0</span>' in client.get("/escalations/tabs/?tab=waiting").content.decode()
    assert "1" in client.get("/escalations/badge/").content.decode()
    client.post(f"/escalations/{opened.pk}/resolve/", {"reason": "Fixed"}, headers=HTMX)
    assert client.get("/escalations/badge/").content.decode().strip() == ""


def test_a_second_person_is_told_that_the_first_was_quicker(cast: Cast, opened: Escalation) -> None:
    signed_in(cast.rep).post(f"/escalations/{opened.pk}/acknowledge/")
    answer = signed_in(cast.manager).post(f"/escalations/{opened.pk}/acknowledge/", headers=HTMX)
    assert f"{opened} is acknowledged already. Nothing was changed." in answer.headers["HX-Trigger-After-Settle"]
    assert opened.events.count() == 1


def test_the_step_of_another_person_is_seen_at_once(cast: Cast, opened: Escalation) -> None:
    client = signed_in(cast.manager)
    assert ">Acknowledged</span>" not in client.get("/escalations/").content.decode()
    signed_in(cast.rep).post(f"/escalations/{opened.pk}/acknowledge/")
    assert ">Acknowledged</span><small>today" in client.get("/escalations/").content.decode()


@pytest.fixture
def calm(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep, name="Calm Waters")


def test_raising_by_hand_opens_one_with_its_reason(cast: Cast, calm: Account) -> None:
    client = signed_in(cast.rep)
    assert "Raise by hand" in client.get(f"/accounts/{calm.pk}/").content.decode()
    said = client.post(f"/accounts/{calm.pk}/escalate/", {"reason": "Their sponsor left"}, follow=True).content.decode()
    assert "Raised by hand at 100" in said
    assert "Raised by Rita Rep: 100 Green. Their sponsor left" in said
    again = client.post(f"/accounts/{calm.pk}/escalate/", {"reason": "Still"}, follow=True).content.decode()
    assert "is open for Calm Waters already. Add your reason there as a comment." in again
    assert Escalation.objects.filter(account=calm).count() == 1


def test_raising_needs_a_reason_and_the_right_to_change_the_account(cast: Cast, calm: Account) -> None:
    assert "Say why" in signed_in(cast.rep).post(f"/accounts/{calm.pk}/escalate/", {"reason": " "}, follow=True).content.decode()
    assert signed_in(cast.other_rep).post(f"/accounts/{calm.pk}/escalate/", {"reason": "x"}).status_code == 403
    assert "Raise by hand" not in signed_in(cast.other_rep).get(f"/accounts/{calm.pk}/").content.decode()
    assert not Escalation.objects.filter(account=calm).exists()
