"""The score at any past instant: what the page, the scan's `--at` and an import of only what was known then say alike."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import asof, recorded, scan
from accounts.imports.choices import Choices
from accounts.imports.from_disk import import_file
from accounts.models import HealthSnapshot, Tenant
from accounts.pages import history
from accounts.scoring import Policy, Signals, score
from tests import make
from tests.commands import import_tickets, run
from tests.generated import Portfolio, portfolios, spans
from tests.stored import many, stored
from tests.test_import import LOCATIONS, LOG

FEW = settings(many, max_examples=30)
FIRST, LAST = datetime(2016, 2, 29, tzinfo=UTC), datetime(2016, 4, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
@FEW
@given(portfolios(), spans(timedelta()))
def test_the_page_says_of_a_past_instant_what_the_scan_says(portfolio: Portfolio, ago: timedelta) -> None:
    at = portfolio.at - ago
    with stored(portfolio) as tenant:
        for account, said in zip(tenant.accounts.order_by("external_id"), scan.scores_at(tenant, at), strict=True):
            found = history.past(account, at).scored
            assert (found.score, found.rag, found.late_points) == (said.score, said.rag, said.late_points)
            assert (found.total_open_tickets, found.hours_since_heartbeat) == (said.total_open_tickets, said.hours_since_heartbeat)


@settings(max_examples=2_000)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.timedeltas(timedelta(), timedelta(days=9_000)))
def test_the_heartbeat_of_a_scan_is_known_again_to_the_microsecond(clock: datetime, silence: timedelta) -> None:
    at = clock.replace(tzinfo=UTC)
    found = score(Signals((), at - silence), Policy(), at).hours_since_heartbeat
    again = asof.heartbeat_of(cast("HealthSnapshot", SimpleNamespace(hours_since_heartbeat=found)), at)
    assert again == at - silence
    assert score(Signals((), again), Policy(), at).hours_since_heartbeat == found


@pytest.mark.django_db
def test_a_heartbeat_after_the_scan_does_not_change_what_the_scan_knew() -> None:
    account = make.account(make.tenant("north"))
    heartbeat = make.heartbeat(account, datetime(2026, 11, 20, 6, tzinfo=UTC))
    snapshot = recorded.snapshots(account).get(scan=scan.scan_tenant(account.tenant, at=datetime(2026, 11, 20, 7, tzinfo=UTC)))
    account.heartbeat_days.update(last_at=datetime(2026, 11, 20, 23, tzinfo=UTC))
    type(heartbeat).objects.update(last_at=datetime(2026, 11, 20, 23, tzinfo=UTC))
    assert recorded.moment(snapshot, []).signals.last_heartbeat == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert recorded.receipt(snapshot, account).result.hours_since_heartbeat == 1.0


Row = dict[str, str]


def moment(text: str) -> datetime | None:
    return None if text == "?" else datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def last_states() -> list[Row]:
    """The state of each incident in the export: its row with the highest count of changes."""
    found: dict[str, Row] = {}
    with LOG.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if int(row["sys_mod_count"]) >= int(found.get(row["number"], row)["sys_mod_count"]):
                found[row["number"]] = row
    return list(found.values())


def known_at(rows: Iterable[Row], at: datetime) -> Iterator[Row]:
    """The export as it would have read at that instant: incidents opened by then, those not over by then without an end."""
    for row in rows:
        opened = moment(row["opened_at"])
        over = moment(row["resolved_at"]) or moment(row["closed_at"])
        assert opened is not None
        if opened <= at:
            yield row if over is not None and over <= at else row | {"incident_state": "Active", "resolved_at": "?", "closed_at": "?"}


def write(rows: Iterable[Row], columns: Iterable[str], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
    return path


def instants(rows: Iterable[Row]) -> list[datetime]:
    """Every midnight of the period, and minutes on and around real openings, ends and limits of lateness."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    turns = [turn for row in rows for name in ("opened_at", "resolved_at") if (turn := moment(row[name])) and FIRST < turn < LAST]
    limits = [turn + timedelta(days=3) for turn in turns[::600]]
    return [*days, *(each + step for each in [*turns[::600], *limits] for step in (-MINUTE, timedelta(), MINUTE))]


def scores(tenant: Tenant, at: datetime, *, live: bool = False) -> dict[str, int]:
    return {found.account_id: found.score for found in scan.scores_at(tenant, at, live=live)}


@pytest.fixture
def whole(db: None) -> Tenant:
    tenant = make.tenant("whole")
    assert import_tickets(tenant, "servicenow", LOG, *LOCATIONS).error == ""
    return tenant


def test_the_score_as_of_any_instant_equals_an_import_of_only_what_was_known_then(whole: Tenant, tmp_path: Path) -> None:
    rows = last_states()
    asked = instants(rows)
    assert len(asked) > 55
    for number, at in enumerate(asked):
        then = make.tenant(f"then-{number}")
        path = write(known_at(rows, at), rows[0], tmp_path / "then.csv")
        report = import_file(then, path, Choices("servicenow", account_column="location", create_accounts=True))
        assert report.refused == []
        # Accounts without an incident yet are not in that import: nothing is held against them.
        nothing_yet = dict.fromkeys(scores(whole, at), 100)
        assert nothing_yet | scores(then, at) == scores(whole, at), at
        assert scores(then, at, live=True) == scores(then, at), at


def test_the_answers_worked_out_by_hand(whole: Tenant) -> None:
    for at, red, amber, green in [("2016-03-01", 0, 0, 85), ("2016-03-05", 2, 1, 82), ("2016-03-07", 2, 3, 80)]:
        found = run("scan", "--at", at, "--tenant", "whole", "--json").json
        assert (found["red"], found["amber"], found["green"]) == (red, amber, green)
