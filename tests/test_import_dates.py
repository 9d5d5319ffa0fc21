"""Dates as files have them: read in many forms, and whether the day or the month comes first told by the file itself."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Tenant, Ticket
from accounts.sources import payload
from accounts.sources.dates import ORDERS, Dates, order_of
from tests import make
from tests.commands import import_tickets

PLACES = {"dmy": "{d:02}{s}{m:02}{s}{y}", "mdy": "{m:02}{s}{d:02}{s}{y}", "ymd": "{y}{s}{m:02}{s}{d:02}"}
instants = st.datetimes(datetime(1990, 1, 1), datetime(2068, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC))
orders = st.sampled_from(sorted(ORDERS))


def written(at: datetime, order: str, separator: str, *, is_short: bool, is_half: bool) -> str:
    year = f"{at.year % 100:02}" if is_short else str(at.year)
    day = PLACES[order].format(d=at.day, m=at.month, y=year, s=separator)
    return f"{day} {at:%I:%M %p}" if is_half else f"{day} {at:%H:%M}"


@given(at=instants, order=orders, separator=st.sampled_from("-/."), is_half=st.booleans())
def test_a_date_in_numbers_is_read_as_it_was_written(at: datetime, order: str, separator: str, is_half: bool) -> None:
    assert Dates(order).read(written(at, order, separator, is_short=False, is_half=is_half)) == at
    is_short = at.year >= 2000
    assert Dates(order).read(written(at, order, separator, is_short=is_short, is_half=is_half)) == at


@given(days=st.lists(instants, min_size=1, max_size=40), order=st.sampled_from(["dmy", "mdy"]), other=orders)
def test_the_order_found_reads_every_date_unless_it_says_that_it_is_a_guess(days: list[datetime], order: str, other: str) -> None:
    values = [written(at, order, "/", is_short=False, is_half=False) for at in days]
    found = order_of(values, other)
    assert found.is_certain == any(at.day > 12 for at in days)
    if found.is_certain:
        assert (found.order, found.misfits) == (order, 0)
        assert [Dates(found.order).read(value) for value in values] == days
    else:
        assert found.order == other


@given(at=instants)
def test_a_date_with_points_is_the_same_in_a_file_and_in_a_webhook(at: datetime) -> None:
    value = f"{at:%d.%m.%Y %H:%M}"
    assert payload.instant(value, "It") == Dates(order_of([value], "mdy").order).read(value) == at


@given(st.text(max_size=60))
def test_what_is_no_date_is_a_value_error_and_nothing_worse(value: str) -> None:
    for order in ORDERS:
        with suppress(ValueError, OverflowError):
            assert Dates(order).read(value).tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("21/Nov/26 2:05 PM", datetime(2026, 11, 21, 14, 5)),
        ("21/nov./26 14:05", datetime(2026, 11, 21, 14, 5)),
        ("21. Dez. 2026, 00:30", datetime(2026, 12, 21, 0, 30)),
        ("3/mai/2026 2:05", datetime(2026, 5, 3, 2, 5)),
        ("7 août 26 09:00", datetime(2026, 8, 7, 9)),
        ("Nov 21, 2026 2:05:33\u202fPM", datetime(2026, 11, 21, 14, 5, 33)),
        ("November 3rd, 2026", datetime(2026, 11, 3)),
        ("2026/11/21 12:05 a.m.", datetime(2026, 11, 21, 0, 5)),
        ("21.11.2026 14.05", datetime(2026, 11, 21, 14, 5)),
        ("21-11-2026T14:05:33 +0100", datetime(2026, 11, 21, 13, 5, 33)),
        ("2026-11-21 14:05:33 UTC", datetime(2026, 11, 21, 14, 5, 33)),
        ("2026-11-21T14:05:33.000+0100", datetime(2026, 11, 21, 13, 5, 33)),
        ("1/1/99 10:00", datetime(1999, 1, 1, 10)),
    ],
)
def test_the_forms_of_other_countries(value: str, at: datetime) -> None:
    assert Dates("dmy").read(value) == at.replace(tzinfo=UTC)


@pytest.mark.parametrize("value", ["31/04/2026", "13:05", "21/Foo/26", "21/11/2026 13:05 PM", "21/11/2026 25:00", "1/1/226", "٢١/١١/٢٠٢٦"])
def test_what_no_calendar_has_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Dates("dmy").read(value)


def test_points_between_numbers_mean_the_day_comes_first() -> None:
    assert order_of(["03.04.2026"], "mdy").order == "dmy"
    assert order_of(["26/11/21", "26/11/30"], "mdy").order == "dmy"  # 26 November 2021 is as good; a person can say otherwise
    assert order_of(["35/11/21"], "mdy").order == "ymd"


@pytest.mark.parametrize(
    ("dates", "options", "order", "day"),
    [
        (("03/04/2026", "25/04/2026"), (), "dmy", 3),
        (("03/04/2026", "04/25/2026"), (), "mdy", 4),
        (("03/04/2026", "05/06/2026"), (), "dmy", 3),
        (("03/04/2026", "05/06/2026"), ("--date-order", "mdy"), "mdy", 4),
    ],
)
def test_an_import_reads_a_column_of_dates_in_one_order(
    db: None, tmp_path: Path, dates: tuple[str, str], options: tuple[str, ...], order: str, day: int
) -> None:
    tenant: Tenant = make.tenant()
    path = tmp_path / "tickets.csv"
    path.write_text("ticket_id,priority,status,created_at\n" + "".join(f"T-{n},P1,open,{date}\n" for n, date in enumerate(dates)))
    report = import_tickets(tenant, "generic", path, *options)
    assert (report.error, report.json["date_order"]) == ("", order)
    assert Ticket.objects.get(external_id="T-0").created_at.day == day
