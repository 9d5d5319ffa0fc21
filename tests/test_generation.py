from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Account, CommunicationHistory, Stakeholder
from communications import context, drafts, generation
from communications.models import Communication, Release
from communications.tasks import MAX_ATTEMPTS, generate_draft, sweep_waiting_drafts
from tests import fake_openai, make
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.messages import Told


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fake_openai.running() as url:
        yield url


@pytest.fixture
def account(cast: Cast) -> Account:
    row = make.account(cast.tenant, cast.rep, name="Halden Freight")
    make.ticket(row, priority=1, days=5, external_id="T-77", subject="Payouts fail")
    Stakeholder.objects.create(account=row, name="Petra Hoffmann", role="CIO", email="petra@halden.test")
    make.scanned(cast.tenant)
    return row


@pytest.fixture
def model(server: str, settings: Settings) -> Callable[[str], None]:
    """Chooses how the model behaves."""

    def choose(behaviour: str) -> None:
        settings.OPENAI_BASE_URL, settings.LLM_TIMEOUT_SECONDS = server, 0.5 if behaviour == "silent" else 10
        settings.LLM_MODEL = f"{behaviour}-{next(make.numbers)}"

    return choose


def written(account: Account, communication_type: str = "escalation_outreach", **values: str) -> Communication:
    row = draft(account, "queued", communication_type=communication_type)
    Communication.objects.filter(pk=row.pk).update(**values)
    generate_draft(row.pk)
    return reviewed(row)


def write_apart(row: Communication) -> None:
    """In a thread, with a connection of its own."""
    generate_draft(row.pk)
    connections.close_all()


def waited(row: Communication, seconds: float) -> None:
    Communication.objects.filter(pk=row.pk).update(updated_at=timezone.now() - timedelta(seconds=seconds))


def test_without_a_model_the_offline_composer_writes_from_the_account(account: Account) -> None:
    row = written(account)
    assert (row.status, row.writer, row.writer_note) == ("ready", "offline", "No model is configured.")
    assert "T-77" in row.body_html
    assert "Rita Rep" in row.body_html
    assert row.recipients == "Petra Hoffmann <petra@halden.test>"
    assert row.context["tickets"][0]["ticket_id"] == "T-77"
    [revision] = row.revisions.all()
    assert (revision.number, revision.origin, revision.body_html) == (1, "generated", row.body_html)
    assert [event.status for event in row.events.all()] == ["generating", "ready"]


def test_a_model_that_answers_writes_the_draft_and_the_rep_signs(
    account: Account, model: Callable[[str], None], settings: Settings
) -> None:
    model("good")
    row = written(account)
    assert (row.status, row.writer, row.writer_note) == ("ready", "model", settings.LLM_MODEL)
    assert row.body_html == "<p>Hello from the model.</p><p>Rita Rep<br>Technical Account Manager</p>"
    assert row.answer["key_issues"] == ["The model's key issues"]


def test_the_model_is_given_the_data_and_the_instruction(account: Account, model: Callable[[str], None], settings: Settings) -> None:
    model("good")
    row = written(account, instruction="mention the call on Friday")
    [request] = fake_openai.requests_to(settings.OPENAI_BASE_URL, settings.LLM_MODEL)
    assert "Payouts fail" in request["messages"][1]["content"]
    assert request["messages"][1]["content"].index("Payouts fail") < request["messages"][1]["content"].index("mention the call on Friday")
    assert row.revisions.get().note == "mention the call on Friday"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("invalid", "The model gave no usable answer, even when asked again. Regenerate to ask it again."),
        ("refusing", "The model gave no usable answer, even when asked again. Regenerate to ask it again."),
        ("broken", "The model's server failed (status 500). Regenerate to ask it again."),
        ("silent", "The model did not answer in time. Regenerate to ask it again."),
        ("unauthorised", "The model's server refused the key. An admin has to mend this."),
        ("empty", "The model's text had nothing to read in it."),
    ],
)
def test_whatever_the_model_does_there_is_a_draft_that_says_why(
    account: Account, model: Callable[[str], None], behaviour: str, reason: str
) -> None:
    model(behaviour)
    row = written(account)
    assert (row.status, row.writer, row.writer_note) == ("ready", "offline", reason)
    assert "T-77" in row.body_html


@pytest.mark.parametrize("behaviour", ["repaired", "truncated", "limited", "nul"])
def test_a_model_that_recovers_writes_the_draft(account: Account, model: Callable[[str], None], behaviour: str) -> None:
    model(behaviour)
    assert written(account).writer == "model"


def test_the_offline_composer_says_that_it_followed_no_instruction(account: Account) -> None:
    assert written(account, instruction="shorter").writer_note.endswith("The offline composer cannot follow an instruction.")


def test_hostile_text_is_harmless_in_the_draft(account: Account, model: Callable[[str], None]) -> None:
    make.ticket(account, priority=1, days=9, subject='<script>alert(1)</script><img src="https://spy.example/x.png" onerror="alert(2)">')
    Stakeholder.objects.create(
        account=account, name="<b onclick=alert(3)>Eve", role="javascript:alert(4)", notes="<script>alert(5)</script>"
    )
    offline = written(account)
    model("hostile")
    by_model = written(account, "health_checkin")
    assert by_model.writer == "model"
    for row in (offline, by_model):
        assert "<script" not in row.body_html
        assert "<img" not in row.body_html
        assert "<form" not in row.body_html
        assert 'href="javascript' not in row.body_html
        assert "<b " not in row.body_html
    assert '<a href="https://good.example" rel="noopener">there</a>' in by_model.body_html


def test_running_a_task_twice_writes_once(account: Account) -> None:
    row = written(account)
    generate_draft(row.pk)
    assert (reviewed(row).version, row.revisions.count()) == (row.version, 1)


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_of_an_abandoned_attempt_is_dropped(account: Account, model: Callable[[str], None]) -> None:
    model("slow")
    row = draft(account, "queued")
    abandoned = Thread(target=write_apart, args=[row])
    abandoned.start()
    while reviewed(row).status != "generating":
        pass
    drafts.move(reviewed(row), "generating", "queued")
    second = reviewed(row)
    drafts.move(second, "queued", "generating")
    abandoned.join()
    assert (reviewed(row).version, reviewed(row).status, row.revisions.count()) == (second.version, "generating", 0)


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_in_a_transaction_while_the_model_thinks(
    account: Account, model: Callable[[str], None], settings: Settings
) -> None:
    model("slow")
    row = draft(account, "queued")
    writer = Thread(target=write_apart, args=[row])
    writer.start()
    while not fake_openai.requests_to(settings.OPENAI_BASE_URL, settings.LLM_MODEL):
        pass
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'")
        assert cursor.fetchone() == (0,)
    writer.join()


def test_release_notes_without_a_release_fail_and_say_what_to_do(account: Account) -> None:
    row = written(account, "release_notes")
    assert (row.status, row.failure) == ("failed", "No release is published yet. Publish one, then generate its notes.")
    Release.objects.create(tenant=account.tenant, version="4.2", released_on="2026-11-20", features=["X"], is_published=True)
    drafts.retry(row, account.owner, row.version)  # type: ignore[arg-type]
    generate_draft(row.pk)
    assert reviewed(row).status == "ready"


def test_what_goes_wrong_unexpectedly_is_logged_and_fails_clearly(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    Stakeholder.objects.create(account=account, name="Eve", role="CIO", technical_maturity="guru")
    row = written(account)
    assert (row.status, row.failure) == ("failed", generation.UNEXPECTED)
    assert f"Draft {row.pk} could not be written" in caplog.text


def test_the_sweep_tells_a_worker_again_about_a_draft_that_waits_too_long(account: Account, told: Told) -> None:
    lost, fresh = draft(account, "queued"), draft(account, "queued", communication_type="release_notes")
    waited(lost, 31)
    sweep_waiting_drafts()
    assert told() == [("communications.tasks.generate_draft", [lost.pk])]
    assert reviewed(fresh).status == "queued"


def test_the_sweep_takes_back_what_a_killed_worker_left_and_gives_up_in_the_end(account: Account, settings: Settings) -> None:
    row = draft(account, "queued")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert drafts.move(row, "queued", "generating", attempts=attempt)
        sweep_waiting_drafts()
        assert reviewed(row).status == "generating"
        waited(row, 2 * settings.LLM_TIMEOUT_SECONDS + 61)
        sweep_waiting_drafts()
        row = reviewed(row)
    assert (row.status, row.failure) == ("failed", "Writing was interrupted 3 times. Try again; if it happens again, tell an admin.")


def test_the_context_names_the_gravest_tickets_counts_the_rest_and_has_the_last_heartbeat(account: Account) -> None:
    for _ in range(context.MAX_TICKETS):
        make.ticket(account, priority=4)
    make.ticket(account, priority=2, days=1, external_id="T-2")
    make.ticket(account, priority=2, status="resolved", external_id="T-3")
    beat = make.heartbeat(account, timezone.now())
    given = context.build(draft(account, "queued"), timezone.now())
    assert given["last_heartbeat"] == beat.last_at.isoformat()
    assert [row["ticket_id"] for row in given["tickets"][:2]] == ["T-77", "T-2"]
    assert (len(given["tickets"]), given["tickets_left_out"]) == (40, 2)
    assert [row["ticket_id"] for row in given["resolved_tickets"]] == ["T-3"]
    assert given["health_score"]["account_id"] == account.external_id
    assert given["deductions"] == {"late": 20, "volume": 0, "silence": 0}


def test_the_context_takes_the_same_queries_however_much_there_is(
    account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    row = draft(account, "queued")
    with CaptureQueriesContext(connections["default"]) as before:
        context.build(row, timezone.now())
    for number in range(12):
        make.ticket(account)
        Stakeholder.objects.create(account=account, name=f"Person {number}", role="CIO")
        CommunicationHistory.objects.create(account=account, date="2026-01-01", communication_type="health_checkin", subject="Hello")
    with django_assert_max_num_queries(len(before)):
        context.build(row, timezone.now())
    assert len(before) <= 18


def test_another_tenants_release_is_never_told(account: Account, cast: Cast) -> None:
    Release.objects.create(tenant=cast.stranger.tenant, version="9", released_on="2026-11-20", is_published=True)
    assert written(account, "release_notes").status == "failed"
