"""The API's door: who is let in, how often, and how it says no."""

import time
from datetime import timedelta

import psycopg
import pytest
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import api_tokens
from accounts.models import ApiToken, Tenant
from accounts.models.api import Scope
from tests import make
from tests.api import Caller, problem
from tests.conftest import Cast


def test_without_a_usable_token_nothing_is_told(cast: Cast) -> None:
    expired = Caller(cast.tenant, expires_at=timezone.now() - timedelta(seconds=1))
    revoked = Caller(cast.tenant)
    assert api_tokens.revoke([revoked.token.pk]) == 1
    for given in ("", "Basic abc", "Bearer", "Bearer tamd_unknown", f"Bearer {expired.text}", f"Bearer {revoked.text}", "Bearer \xff"):
        answer = Client().get("/api/v1/accounts", headers={"Authorization": given})
        problem(answer, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_of_the_site_opens_nothing_here(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.admin, backend="tamdash.sign_in.Passwords")
    problem(browser.get("/api/v1/accounts"), "unauthenticated")
    caller = Caller(cast.tenant)
    caller.client.force_login(cast.admin, backend="tamdash.sign_in.Passwords")
    answer = caller.get("/accounts")
    assert (answer.status_code, "Cookie" in answer.headers["Vary"], answer.cookies) == (200, False, {})


def test_a_token_without_the_scope_is_told_which_one(cast: Cast) -> None:
    for scope in Scope.values:
        caller = Caller(cast.tenant, *(set(Scope.values) - {scope}))
        refused = [caller.get("/accounts"), caller.get("/drafts"), caller.post("/tickets", {}), caller.post("/heartbeats", {})]
        refused += [caller.post("/tasks", {}), caller.post("/handoffs", {})]
        found = [problem(answer, "insufficient-scope")["scope"] for answer in refused if answer.status_code == 403]
        assert found == [scope]


def test_the_demos_token_opens_nothing_outside_demo_mode(cast: Cast, settings: Settings) -> None:
    token = api_tokens.of_text(api_tokens.DEMO_TOKEN)
    token.tenant, token.name, token.scopes = cast.tenant, "Demo", ["accounts:read"]
    token.save()
    headers = {"Authorization": f"Bearer {api_tokens.DEMO_TOKEN}"}
    for is_demo, status in ((False, 401), (True, 200)):
        settings.DEMO = is_demo
        assert Client().get("/api/v1/accounts", headers=headers).status_code == status


def test_its_last_use_is_kept_to_the_minute(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    caller = Caller(cast.tenant)
    caller.get("/accounts")
    first = ApiToken.objects.get().last_used_at
    assert first
    with django_assert_num_queries(2):
        caller.get("/accounts")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=1))
    caller.get("/accounts")
    assert ApiToken.objects.filter(last_used_at__gt=first - timedelta(minutes=1)).exists()


def test_no_token_stands_in_the_database_or_in_the_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller(cast.tenant, "drafts:read")
    with CaptureQueriesContext(connection) as queries:
        caller.get("/accounts")
        caller.get("/drafts")
    assert caller.text not in str(queries.captured_queries) + caplog.text + repr(caller.token)
    assert caller.token.digest == api_tokens.digest(caller.text)


def test_too_many_calls_in_a_minute_wait_for_the_next(cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000 * 60 + 45)
    one, other = Caller(cast.tenant), Caller(cast.tenant)
    answers = [one.get("/accounts") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"2"}
    problem(answers[2], "too-many-requests")
    assert answers[2].headers["Retry-After"] == answers[2].headers["RateLimit-Reset"] == "15"
    assert other.get("/accounts").status_code == 200
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000 * 60 + 60)
    assert one.get("/accounts").status_code == 200


def test_without_redis_nobody_is_held_up(cast: Cast, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    settings.REDIS_URL = "unix:///tmp/nobody-listens-here.sock"
    caller = Caller(cast.tenant)
    assert [caller.get("/accounts").status_code for _ in range(3)] == [200, 200, 200]


def test_each_refusal_is_a_problem_document(cast: Cast, settings: Settings) -> None:
    caller = Caller(cast.tenant)
    problem(caller.get("/nowhere"), "not-found")
    problem(caller.get("/accounts/"), "not-found")
    problem(caller.get("/accounts?limit=5%00"), "unreadable")
    problem(caller.get("/accounts", Host="elsewhere.example"), "unreadable")
    problem(caller.get("/accounts", Accept="text/html"), "not-acceptable")
    answer = caller.client.put("/api/v1/accounts", headers=caller.bearer)
    problem(answer, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD"
    form = caller.client.post("/api/v1/tickets", {"tickets": "1"}, headers=caller.bearer)
    problem(form, "unsupported-media-type")
    for body in ("{", '{"tickets": NaN}', '{"tickets": ["\\ud800"]}', "[" * 10_000, b"\xff"):
        problem(caller.client.post("/api/v1/tickets", body, content_type="application/json", headers=caller.bearer), "unreadable")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(caller.post("/tickets", {"tickets": ["x" * 200]}), "too-large")


def test_what_is_wrong_with_a_call_is_told_with_its_place(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    errors = problem(caller.post("/tickets", {"source": "lotus", "ticket": []}), "invalid")["errors"]
    assert {error["pointer"] for error in errors} == {"#/source", "#/tickets", "#/ticket"}
    errors = problem(caller.get("/accounts?limit=0&rag=Blue&turns_red_before=2026-11-23T10:00:00"), "invalid")["errors"]
    assert {error["parameter"] for error in errors} == {"limit", "rag", "turns_red_before"}
    assert problem(caller.get("/accounts?rga=Red"), "invalid")["errors"][0]["parameter"] == "rga"
    assert problem(caller.get("/accounts?cursor=abc%C3%A9"), "invalid")["errors"][0]["parameter"] == "cursor"


def test_an_error_of_ours_tells_nothing_of_its_cause(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller(cast.tenant)
    make.account(cast.tenant, external_id="acme")
    Tenant.objects.filter(pk=cast.tenant.pk).update(settings={"secret": "no such setting"})
    answer = caller.get("/accounts/acme/projection")
    problem(answer, "internal")
    assert "secret" not in answer.content.decode()
    assert "Traceback" in caplog.text


def test_head_answers_as_get_does_without_the_body(cast: Cast) -> None:
    caller = Caller(cast.tenant)
    get = caller.get("/accounts")
    head = caller.client.head("/api/v1/accounts", headers=caller.bearer)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(get.content)))


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_a_503_and_then_all_is_as_before() -> None:
    caller = Caller(make.tenant("north"))
    assert caller.get("/accounts").status_code == 200
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None, "context": None}, autocommit=True) as admin:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        admin.execute(f"SELECT pg_terminate_backend(pid) {others}")
    answer = caller.get("/accounts")
    problem(answer, "unavailable")
    assert answer.headers["Retry-After"]
    close_old_connections()  # as at the end of every request
    assert caller.get("/accounts").status_code == 200
