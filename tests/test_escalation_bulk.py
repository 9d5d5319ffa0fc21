"""Steps on many escalations at once, ticked or all that match."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Escalation, User
from accounts.models.notification import Notification
from tests import make
from tests.conftest import Cast
from tests.test_portfolio_page import signed_in

pytestmark = pytest.mark.django_db


def several(of: User, count: int, **values: object) -> list[Escalation]:
    return [make.waiting(make.account(of.tenant, of), **values) for _ in range(count)]


def bulk(by: User, rows: list[Escalation], query: str = "", **data: Any) -> str:
    """What the page says after a step on ticked rows."""
    asked = {"tick": [row.pk for row in rows], "beside": ""} | data
    return signed_in(by).post(f"/escalations/bulk/{query}", asked, follow=True).content.decode()


def states(rows: list[Escalation]) -> list[str]:
    return [Escalation.objects.get(pk=row.pk).status for row in rows]


def test_what_is_ticked_is_acknowledged_once(cast: Cast) -> None:
    rows = several(cast.rep, 3)
    assert "2 acknowledged." in bulk(cast.manager, rows[:2], step="acknowledge")
    assert states(rows) == ["acknowledged", "acknowledged", "open"]
    assert "1 acknowledged. Left alone: 2 not open any more." in bulk(cast.manager, rows, step="acknowledge")
    assert [row.events.count() for row in rows] == [1, 1, 1]


def test_assigning_tells_the_person(cast: Cast) -> None:
    rows = several(cast.rep, 2)
    assert "2 assigned." in bulk(cast.manager, rows, step="assign", to=cast.other_rep.pk)
    assert Notification.objects.filter(kind="assigned", recipient=cast.other_rep).values("escalation").distinct().count() == 2
    assert "0 assigned. Left alone: 2 resolved, or theirs already." in bulk(cast.manager, rows, step="assign", to=cast.other_rep.pk)
    assert "2 assigned." in bulk(cast.manager, rows, step="assign", to="nobody")


def test_muting_and_resolving_take_their_fields(cast: Cast) -> None:
    rows = several(cast.rep, 3)
    assert "3 muted." in bulk(cast.manager, rows, step="mute", until="days", why="Holidays")
    assert Escalation.objects.muted(timezone.now()).count() == 3
    assert "2 resolved." in bulk(cast.manager, rows[:2], step="resolve", reason="Fixed in 4.18")
    assert "1 muted. Left alone: 2 resolved already." in bulk(cast.manager, rows, step="mute", until="week")
    assert {row.events.last().note for row in rows[:2]} == {"Fixed in 4.18"}  # type: ignore[union-attr]  # they have events


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ({"step": "resolve", "reason": " "}, "Say what resolved it"),
        ({"step": "mute", "until": "typed"}, "Choose until when."),
        ({"step": "mute", "until": "typed", "typed": "2020-01-01T09:00"}, "Mute until a time from now on"),
        ({"step": "assign", "to": "999999"}, "Nobody who is active here has this number."),
        ({"step": "assign", "to": ""}, "Choose who is to deal with it."),
        ({"step": "assign"}, "Choose who is to deal with it."),
        ({"step": "delete"}, "Choose what to do with them."),
        ({}, "Choose what to do with them."),
    ],
)
def test_what_does_not_say_what_to_do_changes_nothing(cast: Cast, data: dict[str, Any], answer: str) -> None:
    rows = several(cast.rep, 2)
    assert answer in bulk(cast.manager, rows, **data)
    assert states(rows) == ["open", "open"]


def test_ticking_nothing_is_said(cast: Cast) -> None:
    several(cast.rep, 1)
    assert "No escalation was selected." in bulk(cast.manager, [], step="acknowledge")


def test_a_rep_acknowledges_their_own_and_is_told_of_the_others(cast: Cast) -> None:
    mine, theirs = several(cast.rep, 2), several(cast.other_rep, 1)
    given = several(cast.other_rep, 1, assignee=cast.rep)
    said = bulk(cast.rep, [*mine, *theirs, *given], step="acknowledge")
    assert "3 acknowledged. Left alone: 1 of somebody else’s accounts." in said
    assert states(theirs) == ["open"]


@pytest.mark.parametrize("step", ["assign", "mute", "resolve"])
def test_a_rep_takes_no_other_step(cast: Cast, step: str) -> None:
    rows = several(cast.rep, 1)
    asked = {"step": step, "tick": rows[0].pk, "to": "nobody", "until": "week", "reason": "x"}
    assert signed_in(cast.rep).post("/escalations/bulk/", asked).status_code == 403
    assert 'value="resolve"' not in signed_in(cast.rep).get("/escalations/").content.decode()


@pytest.mark.parametrize("everything", [False, True])
def test_another_tenants_are_not_there(cast: Cast, everything: bool) -> None:
    foreign = several(cast.stranger, 1)
    mine = several(cast.rep, 1)
    asked: dict[str, Any] = {"all": "1"} if everything else {}
    said = bulk(cast.manager, [*foreign, *mine], step="acknowledge", **asked)
    assert "1 acknowledged.<" in said
    assert (states(foreign), states(mine)) == (["open"], ["acknowledged"])


def test_all_that_match_are_worked_out_by_the_server(cast: Cast) -> None:
    red = several(cast.rep, 55)
    amber = several(cast.rep, 2, severity="Amber")
    muted = several(cast.rep, 1, muted_until=timezone.now() + timedelta(days=1))
    said = bulk(cast.manager, amber, query="?severity=Red&after=0:1:2026-01-01T00:00:00%2B00:00", step="acknowledge", all="1")
    assert "55 acknowledged." in said
    assert set(states(red)) == {"acknowledged"}
    assert states([*amber, *muted]) == ["open"] * 3


def test_hostile_ticks_are_none(cast: Cast) -> None:
    several(cast.rep, 1)
    answer = signed_in(cast.manager).post("/escalations/bulk/", {"step": "acknowledge", "tick": ["x", "-1", "9" * 30, "１"]}, follow=True)
    assert "No escalation was selected." in answer.content.decode()


def test_many_at_once_cost_as_many_queries_as_one(cast: Cast) -> None:
    found = []
    for count in (1, 30):
        rows = several(cast.rep, count)
        client = signed_in(cast.manager)
        with CaptureQueriesContext(connection) as queries:
            client.post("/escalations/bulk/", {"tick": [row.pk for row in rows], "step": "assign", "to": cast.rep.pk})
        found.append(len(queries))
    assert found[0] == found[1]
