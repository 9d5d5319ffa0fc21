"""Tasks and handoffs through the API's door."""

from typing import Any

import pytest
from django.test import Client

from accounts import api_tokens
from accounts.models import Account
from accounts.models.api import Scope
from communications.handoffs import exchange
from communications.models import Communication, Handoff, TaskRun
from communications.work import door
from tests import make
from tests.asking import write_drafts
from tests.conftest import Cast


class Caller:
    """Software with a token of a tenant."""

    def __init__(self, tenant: Any, *scopes: str) -> None:
        _, text = api_tokens.issue(tenant, f"Agent {next(make.numbers)}", scopes or tuple(Scope.values))
        self.tenant, self.client, self.headers = tenant.slug, Client(), {"Authorization": f"Bearer {text}"}

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=self.headers | headers)

    def task(self, task_type: str, account: Account | None = None, **values: Any) -> Any:
        about = {"task_type": task_type, "tenant_id": self.tenant, "account_id": account.external_id if account else None}
        return self.post("/tasks", about | values)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAIT", 0.0)


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.red_account(cast.tenant, cast.rep)


@pytest.fixture
def caller(cast: Cast) -> Caller:
    return Caller(cast.tenant)


def test_a_task_that_is_done_at_once_answers_its_result(caller: Caller, account: Account) -> None:
    answer = caller.task("health_scan", account)
    assert answer.status_code == 200
    assert answer.json()["health_score"]["rag_status"] == "Red"
    assert "Location" not in answer.headers


def test_a_draft_that_takes_longer_has_a_place_to_look_at(caller: Caller, account: Account) -> None:
    answer = caller.task("health_checkin", account)
    assert (answer.status_code, answer.json()["partial"]) == (202, True)
    place = answer.headers["Location"]
    assert place == f"/api/v1/tasks/{TaskRun.objects.get().pk}"
    assert caller.get(place).json()["status"] == "running"
    write_drafts()
    told = caller.get(place).json()
    assert (told["status"], told["total"], told["done"], told["result"]["partial"]) == ("done", 1, 1, False)
    assert told["result"]["communication_content"]


def test_a_batch_answers_202_and_its_accounts_page_by_page(caller: Caller, account: Account) -> None:
    make.account(account.tenant)
    answer = caller.task("health_scan")
    assert (answer.status_code, answer.json()["partial"]) == (202, True)
    run = TaskRun.objects.get()
    door.work_off(str(run.pk), run.created_at)
    first = caller.get(f"{answer.headers['Location']}?limit=1").json()
    second = caller.get(f"{answer.headers['Location']}?limit=1&cursor={first['next_cursor']}").json()
    scores = [score["account_id"] for page in (first, second) for score in page["result"]["health_scores"]]
    assert (len(scores), scores[0], second["next_cursor"]) == (2, account.external_id, None)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"account_id": "nobody"}, 404),
        ({"tenant_id": "south"}, 404),
        ({"tenant_id": "no-such-tenant"}, 404),
        ({"task_type": "sing"}, 422),
        ({"task_type": "update_relationship_profile"}, 422),
        ({"task_type": "update_relationship_profile", "profile_updates": {"shoe_size": 44}}, 422),
        ({"task_type": "update_relationship_profile", "profile_updates": {"account_name": "x"}, "account_id": None}, 422),
        ({"task_type": "release_notes", "release_info": {"version": "1", "feature": ["x"]}}, 422),
        ({"metadata": {"a": "\0"}}, 422),
    ],
)
def test_what_cannot_be_meant_is_a_problem(values: dict[str, Any], status: int, caller: Caller, account: Account) -> None:
    answer = caller.post("/tasks", {"task_type": "health_scan", "account_id": account.external_id, "tenant_id": "north"} | values)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert not Communication.objects.exists()


def test_a_misspelt_account_id_starts_no_batch(caller: Caller, account: Account) -> None:
    answer = caller.post("/tasks", {"task_type": "health_scan", "acount_id": account.external_id, "tenant_id": "north"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/acount_id")
    assert not TaskRun.objects.exists()


def test_what_failed_answers_in_words_and_says_that_it_is_partial(caller: Caller, account: Account) -> None:
    answer = caller.task("release_notes", account)
    assert answer.status_code == 200
    told = answer.json()
    assert told["error"].startswith("No release is published yet.")
    assert (told["confidence"], told["partial"]) == ("low", True)


def test_the_same_call_with_its_key_runs_once(caller: Caller, account: Account) -> None:
    body = {"task_type": "health_checkin", "tenant_id": "north", "account_id": account.external_id, "metadata": {"another": True}}
    answers = [caller.post("/tasks", body, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert (TaskRun.objects.count(), Communication.objects.count()) == (1, 1)


def test_a_token_that_only_hands_off_may_look_at_what_it_began_and_at_nothing_else(account: Account, cast: Cast) -> None:
    seller, other, runner = (Caller(cast.tenant, *scopes) for scopes in (["handoffs:write"], ["handoffs:write"], ["tasks:run"]))
    request = {"account_id": account.external_id, "tenant_id": "north", "request_type": "health_checkin"}
    place = seller.post("/handoffs", request).headers["Location"]
    assert seller.get(place).json()["status"] == "running"
    assert (other.get(place).status_code, runner.get(place).status_code) == (404, 200)
    assert seller.task("health_scan", account).status_code == 403
    assert seller.get(runner.task("health_scan").headers["Location"]).status_code == 404
    assert Caller(cast.tenant, "accounts:read").get(place).status_code == 403


def test_a_tenant_has_so_many_batches_open_and_no_more(caller: Caller, account: Account, cast: Cast) -> None:
    body = {"task_type": "health_scan", "tenant_id": "north"}
    for _ in range(door.OPEN_BATCHES):
        assert caller.post("/tasks", body).status_code == 202
    refused = caller.post("/tasks", body, **{"Idempotency-Key": "later"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert (int(refused.headers["Retry-After"]) > 0, TaskRun.objects.count()) == (True, door.OPEN_BATCHES)
    assert caller.task("health_scan", account).status_code == 200, "of one account"
    assert Caller(cast.stranger.tenant).task("health_scan").status_code == 202
    first = TaskRun.objects.filter(account=None).earliest("created_at")
    door.work_off(str(first.pk), first.created_at)
    assert caller.post("/tasks", body, **{"Idempotency-Key": "later"}).status_code == 202, "the refusal was not kept"


def test_another_tenants_token_finds_no_task(caller: Caller, account: Account, cast: Cast) -> None:
    place = caller.task("health_checkin", account).headers["Location"]
    stranger = Caller(cast.stranger.tenant)
    theirs, none = stranger.get(place), stranger.get("/api/v1/tasks/6f1f0c1e-5d5c-4f0e-9a55-1f2c0f6b7f11")
    assert (theirs.status_code, theirs.content) == (404, none.content)


def test_each_address_needs_its_scope(account: Account, cast: Cast) -> None:
    reader = Caller(cast.tenant, "accounts:read")
    request = {"account_id": account.external_id, "tenant_id": "north"}
    answers = (
        reader.task("health_scan", account),
        reader.post("/handoffs", request),
        reader.post("/handoffs/validate", {"payload": request}),
    )
    assert [answer.status_code for answer in answers] == [403] * 3
    assert not TaskRun.objects.exists()


def test_a_handoff_is_answered_and_its_answer_passes_the_check(caller: Caller, account: Account) -> None:
    request = {"account_id": account.external_id, "tenant_id": "north", "handoff_type": "escalation_alert", "deal_id": "D-7"}
    answer = caller.post("/handoffs", request)
    assert answer.status_code == 200
    assert answer.json()["escalation_result"]["account_id"] == account.external_id
    verdict = caller.post("/handoffs/validate", {"part": "response", "payload": answer.json()})
    assert verdict.json() == {"is_valid": True, "strictness": "strict", "structural_issues": [], "semantic_issues": []}
    assert caller.post("/handoffs/validate", {"payload": request | {"account_id": "nobody"}}).json()["semantic_issues"]
    assert Handoff.objects.count() == 2


def test_a_handoff_whose_text_is_being_written_says_where_to_look(caller: Caller, account: Account) -> None:
    request = {"account_id": account.external_id, "tenant_id": "north", "request_type": "health_checkin"}
    answer = caller.post("/handoffs", request)
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/tasks/{TaskRun.objects.get().pk}")
    write_drafts()
    assert caller.get(answer.headers["Location"]).json()["result"]["communication_content"]


def test_a_refusal_tells_form_and_meaning_apart(caller: Caller, account: Account) -> None:
    form = caller.post("/handoffs", {"account_id": 7, "tenant_id": "north"})
    meaning = caller.post("/handoffs", {"account_id": "nobody", "tenant_id": "north"})
    assert (form.status_code, meaning.status_code) == (422, 422)
    assert form.headers["Content-Type"] == "application/problem+json"
    assert (bool(form.json()["structural_issues"]), form.json()["semantic_issues"]) == (True, [])
    assert (meaning.json()["structural_issues"], bool(meaning.json()["semantic_issues"])) == ([], True)
    assert Handoff.objects.filter(is_accepted=False, token__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("body", "status", "kept"),
    [
        ("[7]", 422, [7]),
        ("null", 422, None),
        ("", 422, None),
        ('{"account_id": ', 400, {"unread": '{"account_id": '}),
        ("\0" + "[" * 10_000, 400, {"unread": "\N{REPLACEMENT CHARACTER}" + "[" * 1999}),
    ],
)
def test_what_is_no_handoff_at_all_is_refused_on_record(body: str, status: int, kept: Any, caller: Caller) -> None:
    answer = caller.post("/handoffs", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    row = Handoff.objects.get()
    assert (row.is_accepted, row.payload, row.structural_issues) == (False, kept, answer.json()["structural_issues"])
    assert (len(row.structural_issues), row.token is None) == (1, False)


def test_a_handoff_that_did_not_settle_may_be_sent_again_with_its_key(
    caller: Caller, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {"account_id": account.external_id, "tenant_id": "north"}
    made = exchange.response

    def overtaken(*given: Any) -> Any:
        answer = made(*given)
        make.scanned(account.tenant)
        return answer

    with monkeypatch.context() as busy:
        busy.setattr(exchange, "response", overtaken)
        assert caller.post("/handoffs", request, **{"Idempotency-Key": "one"}).status_code == 409
    assert [caller.post("/handoffs", request, **{"Idempotency-Key": "one"}).status_code for _ in range(2)] == [200, 200]
    assert Handoff.objects.filter(direction="out", is_accepted=True).count() == 1


def test_no_more_than_a_few_requests_of_a_process_wait(caller: Caller, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAIT", 30.0)
    taken = [door.slots.acquire(blocking=False) for _ in range(door.AT_ONCE)]
    try:
        assert caller.task("health_checkin", account).status_code == 202
    finally:
        for _ in taken:
            door.slots.release()
