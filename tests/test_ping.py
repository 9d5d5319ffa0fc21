"""`/ping/<uuid>`: whatever comes with it and whoever else is calling, a heartbeat of a known address counts."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from accounts import asof, heartbeats, scan
from accounts.heartbeats import told
from accounts.models import Account, HealthSnapshot, Heartbeat, HeartbeatDay, HeartbeatReport
from tests import make
from tests.conftest import Cast

HELL = [
    b"\xff\xfe\x00",
    b"[" * 60_000,
    b'{"features": ' + b"[" * 50_000,
    b'{"features": ["\\ud800"], "environment": {"\\u0000": "\\u202e"}}',
    b'{"calls": 1e400}',
    b'{"calls": ' + b"9" * 5_000 + b"}",
    b'{"features": {"a": NaN}, "environment": [[], {}, null], "calls": true}',
    b"features=%00%ff&calls=-1",
    b"&" * 60_000,
    b"x" * 70_000,
]


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep)


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def address(account: Account) -> str:
    return f"/ping/{account.ping_id}"


def test_a_call_is_a_heartbeat(client: Client, account: Account) -> None:
    before = timezone.now()
    for method in ("GET", "HEAD", "POST"):
        response = client.generic(method, address(account))
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
        assert response.content == (b"" if method == "HEAD" else b"ok")
        assert not response.cookies
    day = HeartbeatDay.objects.get(account=account)
    assert before <= day.first_at < day.last_at == Heartbeat.objects.get(account=account).last_at <= timezone.now()
    assert (day.count, day.calls) == (3, 0)


def test_it_costs_one_statement_and_more_only_where_something_new_is_said(client: Client, account: Account) -> None:
    said = {"features": ["Saved views"], "calls": 4}
    for body in (None, said, said):
        with CaptureQueriesContext(connection) as queries:
            client.generic("POST", address(account), json.dumps(body) if body else "")
        assert len(queries) == 1
    before = HeartbeatReport.objects.values().get(account=account)
    client.post(address(account), said, content_type="application/json")
    assert HeartbeatReport.objects.values().get(account=account) == before
    assert HeartbeatDay.objects.get(account=account).calls == 12


def test_an_address_nobody_has_is_not_found_whatever_it_looks_like(client: Client, account: Account) -> None:
    answers = {client.get(path).content for path in (f"/ping/{uuid4()}", "/ping/1", "/ping/" + "x" * 500, f"/ping/{account.pk}")}
    assert answers == {b"No such address."}
    for path in (f"/ping/{uuid4()}", "/ping/", f"/ping/{account.ping_id}/more", "/hooks/"):
        assert client.get(path).status_code == 404
    assert client.get(f"/ping/{uuid4()}").headers["Cache-Control"] == "no-store"
    assert client.get(address(account).upper().replace("PING", "ping")).status_code == 200
    response = client.put(address(account))
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_an_address_is_in_no_log(client: Client, account: Account, caplog: pytest.LogCaptureFixture) -> None:
    client.put(address(account))
    client.get(f"/ping/{uuid4()}")
    assert "/ping/" not in caplog.text


def test_an_inactive_accounts_heartbeat_is_kept_for_when_it_is_active_again(client: Client, cast: Cast) -> None:
    asleep = make.account(cast.tenant, is_active=False)
    assert client.get(address(asleep)).status_code == 200
    assert Heartbeat.objects.filter(account=asleep).exists()


def test_only_known_hosts_are_answered_and_https_is_asked_for_where_it_is_the_rule(
    client: Client, account: Account, settings: Settings
) -> None:
    assert client.get(address(account), HTTP_HOST="elsewhere.example").status_code == 400
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(address(account)).status_code == 301
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize("body", HELL)
def test_no_body_costs_the_heartbeat(body: bytes, client: Client, account: Account) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = client.generic("POST", address(account), body, content_type=content_type)
        assert (response.status_code, response.content) == (200, b"ok body-ignored")
    assert HeartbeatDay.objects.get(account=account).count == 3
    assert not HeartbeatReport.objects.exists()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    ).flatmap(lambda value: st.sampled_from(["features", "environment", "calls"]).map(lambda name: json.dumps({name: value}).encode()))
)
def test_whatever_is_said_is_stored_as_it_was_read_or_not_at_all(client: Client, account: Account, body: bytes) -> None:
    HeartbeatReport.objects.all().delete()
    before = Heartbeat.objects.filter(account=account).values_list("last_at", flat=True).first()
    assert client.generic("POST", address(account), body, content_type="application/json").status_code == 200
    assert Heartbeat.objects.get(account=account).last_at != before
    read = told.read(body)
    report = HeartbeatReport.objects.filter(account=account).first()
    assert (report is not None) == read.of_profile
    if report:
        assert (report.features, report.environment) == (heartbeats.one.listed(read.features), heartbeats.one.listed(read.environment))


@example([f"Feature {n}" for n in range(300)])
@example(["É", "é", "E\u0301", "\u200b", "a\nb\0c"])
@given(st.lists(st.text()))
def test_names_are_few_short_and_readable_and_there_once_whatever_their_case(names: list[str]) -> None:
    found = told.sense(names, None, None).features or ()
    assert len(found) <= told.MOST_NAMES
    assert all(name.isprintable() and name == name.strip() and 0 < len(name) <= told.FEATURE_LENGTH for name in found)
    assert len({name.casefold() for name in found}) == len(found)
    assert told.sense(list(found), None, None).features == found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"features": {"sso": true, "api": false}, "environment": {"K8s": 1.31, "EU only": true, "x": null}, "calls": 7}',
            "sso|EU only,K8s 1.31|7",
        ),
        (b'\xef\xbb\xbf {"features": [], "calls": "12"}', "|None|12"),
        (b"features=b,A&features=c&environment=EU+only&calls=3", "A,b,c|EU only|3"),
        (b"features=", "|None|0"),
        (b'{"features": "nonsense", "environment": ["EU only", 5], "calls": -1}', "None|EU only|0"),
        (b'{"other": 1}', "None|None|0"),
    ],
)
def test_what_it_says_is_read_in_several_spellings(body: bytes, expected: str) -> None:
    found = told.read(body)
    lists = [names if names is None else ",".join(names) for names in (found.features, found.environment)]
    assert "|".join(map(str, [*lists, found.calls])) == expected


def test_a_broken_part_costs_no_other_and_is_said(client: Client, account: Account) -> None:
    response = client.post(address(account), {"features": 5, "calls": 3}, content_type="application/json")
    assert response.content == b"ok partly-read"
    assert HeartbeatDay.objects.get(account=account).calls == 3


def test_days_are_those_of_utc(account: Account) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    for at in (midnight - timedelta(microseconds=1), midnight, midnight + timedelta(hours=23)):
        assert heartbeats.ping(account.ping_id, at)
    days = HeartbeatDay.objects.filter(account=account).order_by("day").values_list("day", "first_at", "last_at", "count")
    assert [(str(day), first, last, count) for day, first, last, count in days] == [
        ("2026-11-19", midnight - timedelta(microseconds=1), midnight - timedelta(microseconds=1), 1),
        ("2026-11-20", midnight, midnight + timedelta(hours=23), 2),
    ]
    latest = Heartbeat.objects.get(account=account)
    assert asof.last_heartbeat(account, latest, midnight - timedelta(microseconds=1)) == midnight - timedelta(microseconds=1)


def test_the_next_scan_and_the_account_page_know_of_it(client: Client, cast: Cast, account: Account) -> None:
    make.heartbeat(account, timezone.now() - timedelta(days=4))
    before = make.scanned(cast.tenant)
    client.get(address(account))
    after = scan.scan_tenant(cast.tenant)
    points = [HealthSnapshot.objects.get(scan=run, account=account).silence_points for run in (before, after)]
    assert points == [15, 0]
    assert after.heartbeats_as_of == Heartbeat.objects.get(account=account).last_at


@pytest.mark.django_db(transaction=True)
def test_all_of_many_at_once_count(account: Account) -> None:
    def call(number: int) -> int:
        try:
            body = {"features": [f"Feature {number % 3}"], "calls": 1}
            return Client().post(address(account), body, content_type="application/json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as callers:
        assert set(callers.map(call, range(24))) == {200}
    day = HeartbeatDay.objects.get(account=account)
    assert (day.count, day.calls, day.last_at) == (24, 24, Heartbeat.objects.get(account=account).last_at)
