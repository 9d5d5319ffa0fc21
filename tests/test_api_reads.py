"""What the API tells of accounts and drafts."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import projection
from accounts.models import AccountHealth
from accounts.pages.overview import Overview
from accounts.schemas import HealthScoreResult, RelationshipProfile
from tests import make
from tests.api import Caller, problem
from tests.conftest import Cast

ODD_IDS = ("plain", "a/b c", "ümläut & Söhne", "50% off?", "#1", "a+b", "/", "trailing/", "<script>", "a/health")


def all_pages(caller: Caller, path: str) -> list[Any]:
    found, cursor = [], ""
    while True:
        page = caller.get(f"{path}{'&' if '?' in path else '?'}limit=2{cursor}").json()
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_the_list_holds_every_active_account_once_whatever_its_id(cast: Cast) -> None:
    for account_id in ODD_IDS:
        make.account(cast.tenant, external_id=account_id)
    make.account(cast.tenant, is_active=False)
    found = [item["account_id"] for item in all_pages(Caller(cast.tenant), "/accounts")]
    assert sorted(found) == sorted(ODD_IDS)


@pytest.mark.parametrize("account_id", ODD_IDS)
def test_an_account_is_found_by_its_id_whatever_it_holds(account_id: str, cast: Cast) -> None:
    make.account(cast.tenant, external_id=account_id, name="Odd")
    caller = Caller(cast.tenant)
    for part in ("/profile", "/health", "/history", "/projection"):
        assert caller.get(f"/accounts/{quote(account_id, safe='')}{part}").status_code == 200
    assert caller.get(f"/accounts/{quote(account_id, safe='')}/profile").json()["account_name"] == "Odd"
    listed = caller.get(f"/accounts?account_id={quote(account_id, safe='')}").json()["items"]
    assert [item["account_id"] for item in listed] == [account_id]


def test_each_filter_keeps_what_it_says(cast: Cast) -> None:
    make.red_account(cast.tenant, cast.rep, external_id="red")
    soon = make.account(cast.tenant, cast.other_rep, external_id="soon", region="EMEA", tier="growth")
    make.account(cast.tenant, external_id="calm")
    make.scanned(cast.tenant)
    now = timezone.now()
    AccountHealth.objects.filter(account=soon).update(turns_red_at=now + timedelta(days=2), next_rag_at=now + timedelta(days=1))
    caller = Caller(cast.tenant)

    def ids(**wanted: str) -> list[str]:
        query = "&".join(f"{name}={quote(value)}" for name, value in wanted.items())
        return [item["account_id"] for item in caller.get(f"/accounts?{query}").json()["items"]]

    assert ids(rag="Red") == ["red"]
    assert ids(owner=cast.rep.email.upper()) == ["red"]
    assert ids(owner="none") == ["calm"]
    assert ids(region="EMEA") == ids(tier="growth") == ["soon"]
    assert ids(turns_red_before=(now + timedelta(days=3)).isoformat()) == ["soon"]
    assert ids(turns_red_before=(now + timedelta(days=1)).isoformat()) == []
    assert ids(next_rag_before=(now + timedelta(days=2)).isoformat(), region="EMEA") == ["soon"]
    assert ids(changed_since=(now + timedelta(hours=1)).isoformat()) == []
    assert len(ids(changed_since=(now - timedelta(hours=1)).isoformat())) == 3


def test_health_is_the_last_scans_contract_with_deductions_that_add_up(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep, external_id="acme")
    caller = Caller(cast.tenant)
    before = caller.get("/accounts/acme/health").json()
    assert (before["health_score"], before["deductions"]) == (None, [])
    make.scanned(cast.tenant)
    told = caller.get("/accounts/acme/health").json()
    score = HealthScoreResult.model_validate(told["health_score"])
    assert (score.rag_status, score.should_escalate, score.account_id) == ("Red", True, "acme")
    assert sum(line["points"] for line in told["deductions"]) == 100 - score.score
    late = [line for line in told["deductions"] if line["cause"] == "late_ticket"]
    assert {line["tickets"][0]["ticket_id"] for line in late} == set(
        account.tickets.filter(priority=1).values_list("external_id", flat=True)
    )


def test_history_goes_back_scan_by_scan_without_a_gap(cast: Cast) -> None:
    make.account(cast.tenant, external_id="acme")
    runs = [make.scanned(cast.tenant) for _ in range(5)]
    caller = Caller(cast.tenant)
    told = [HealthScoreResult.model_validate(item["health_score"]).scan_timestamp for item in all_pages(caller, "/accounts/acme/history")]
    assert told == [run.at for run in reversed(runs)]
    since = quote(runs[3].at.isoformat())
    assert len(caller.get(f"/accounts/acme/history?since={since}").json()["items"]) == 2
    assert len(caller.get(f"/accounts/acme/history?until={since}").json()["items"]) == 4


def test_the_projection_is_that_of_the_account_page(cast: Cast) -> None:
    account = make.account(cast.tenant, external_id="acme")
    for days in (2.5, 2, 1.5, 1):
        make.ticket(account, days=days, priority=1)
    for _ in range(3):
        make.ticket(account)
    make.scanned(cast.tenant)
    told = Caller(cast.tenant).get("/accounts/acme/projection").json()
    page = Overview(account, timezone.now())
    assert [(step["at"], step["score"]) for step in told["steps"]] == [
        (step.at.isoformat().replace("+00:00", "Z"), step.score) for step in page.coming
    ]
    turn = projection.turn(page.coming, page.live.rag)
    assert turn
    assert told["turns_red_at"] == turn.at.isoformat().replace("+00:00", "Z")


def test_the_profile_is_contract_8(cast: Cast) -> None:
    account = make.account(cast.tenant, external_id="acme")
    account.stakeholders.create(name="Petra \U0001f642", role="CIO")
    told = Caller(cast.tenant).get("/accounts/acme/profile").json()
    assert RelationshipProfile.model_validate(told) == account.relationship_profile()


def test_drafts_are_read_with_their_text_and_the_state_of_their_claims(cast: Cast) -> None:
    account = make.account(cast.tenant, external_id="acme")
    drafts = [make.draft(account, kind) for kind in ("health_checkin", "release_notes", "roadmap_preview")]
    caller = Caller(cast.tenant)
    assert [item["draft_id"] for item in all_pages(caller, "/drafts")] == [str(draft.pk) for draft in reversed(drafts)]
    told = caller.get(f"/drafts/{drafts[0].pk}").json()
    assert (told["html"], told["status"], told["account_id"]) == ("<p>Hello Petra, all is well.</p>", "ready", "acme")
    assert told["claims"]["total"] == sum(told["claims"][name] for name in ("grounded", "confirmed", "open"))
    assert [item["draft_id"] for item in caller.get("/drafts?communication_type=release_notes").json()["items"]] == [str(drafts[1].pk)]
    for number in ("0", "abc", "9" * 30, "-1", "٣"):
        problem(caller.get(f"/drafts/{number}"), "not-found")


def test_what_has_not_changed_is_not_sent_again(cast: Cast) -> None:
    account = make.account(cast.tenant, external_id="acme")
    make.scanned(cast.tenant)
    caller = Caller(cast.tenant)
    for path in ("/accounts", "/accounts/acme", "/accounts/acme/health", "/accounts/acme/projection", "/accounts/acme/profile", "/drafts"):
        first = caller.get(path)
        assert first.headers["Cache-Control"] == "private, no-cache"
        etag = first.headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = caller.get(path, If_None_Match=known)
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag), path
    account.name = "Other"
    account.save()
    assert caller.get("/accounts/acme", If_None_Match=caller.get("/drafts").headers["ETag"]).status_code == 200
    assert caller.get("/accounts/acme").json()["account_name"] == "Other"


def test_a_packed_answer_has_the_tag_of_the_same_content(cast: Cast) -> None:
    make.account(cast.tenant, external_id="acme")
    caller = Caller(cast.tenant)
    packed = caller.get("/accounts/acme", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert caller.get("/accounts/acme", If_None_Match=packed.headers["ETag"]).status_code == 304


def test_a_list_costs_the_same_queries_with_thirty_rows_as_with_one(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    caller = Caller(cast.tenant)
    caller.get("/accounts")

    def costs() -> list[int]:
        found = []
        for path in ("/accounts", "/drafts", "/accounts/acme/history", "/accounts/acme/health"):
            with CaptureQueriesContext(connection) as queries:
                assert caller.get(path).status_code == 200
            found.append(len(queries))
        return found

    account = make.red_account(cast.tenant, cast.rep, external_id="acme")
    make.draft(account)
    make.scanned(cast.tenant)
    with_one = costs()
    for _ in range(9):
        make.draft(make.account(cast.tenant, make.user(cast.tenant)))
        make.ticket(account)
        make.scanned(cast.tenant)
    assert costs() == with_one
