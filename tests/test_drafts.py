import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Account, CommunicationHistory
from communications import drafts
from communications.drafts import DraftError, StaleText
from communications.models import Communication, CommunicationEvent
from tamdash.celery import app
from tests import make
from tests.conftest import Cast
from tests.drafting import draft, reviewed
from tests.messages import Told

TEXT = {"recipients": "", "subject": "Mine", "body_html": "<p>Mine</p>"}


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.account(cast.tenant, cast.rep)


def history(row: Communication) -> list[tuple[str, str]]:
    events = CommunicationEvent.objects.filter(communication=row).select_related("actor")
    return [(event.status, str(event.actor or "tamdash")) for event in events]


def at_once(*steps: Callable[[], object]) -> list[object]:
    """The steps, started at the same moment on connections of their own: what each returned or raised."""
    barrier = Barrier(len(steps))

    def run(step: Callable[[], object]) -> object:
        try:
            barrier.wait(5)
            return step()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def test_asking_for_a_draft_queues_it_and_tells_a_worker(
    account: Account, cast: Cast, told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = drafts.request_draft(account, "health_checkin", cast.rep, instruction="shorter")
    assert (row.status, row.instruction, row.requested_by) == ("queued", "shorter", cast.rep)
    assert history(row) == [("queued", "Rita Rep")]
    assert told() == [("communications.tasks.generate_draft", [row.pk])]


def test_a_broker_that_is_down_loses_no_draft(
    account: Account,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    nowhere = app.connection("redis://127.0.0.1:9/0", transport_options={"max_retries": 1, "interval_start": 0})
    monkeypatch.setattr(app, "connection_for_write", lambda *_, **__: nowhere)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    with django_capture_on_commit_callbacks(execute=True):
        row = drafts.request_draft(account, "health_checkin", cast.rep)
    assert reviewed(row).status == "queued"
    assert "waits for the sweep" in caplog.text


def test_a_second_request_finds_the_draft_that_is_being_written(account: Account, cast: Cast) -> None:
    first = drafts.request_draft(account, "health_checkin", cast.rep)
    assert drafts.request_draft(account, "health_checkin", cast.manager).pk == first.pk
    assert drafts.request_draft(account, "release_notes", cast.rep).pk != first.pk
    drafts.move(first, "queued", "failed")
    assert drafts.request_draft(account, "health_checkin", cast.rep).pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_make_one_draft(account: Account, cast: Cast) -> None:
    rows = at_once(*[lambda: drafts.request_draft(account, "health_checkin", cast.rep).pk] * 4)
    assert rows == [Communication.objects.get().pk] * 4


def test_a_draft_goes_its_whole_way_and_becomes_history_once(account: Account, cast: Cast) -> None:
    row = draft(account, by=cast.rep, recipients="a@b.test")
    drafts.approve(row, cast.manager, row.version)
    drafts.mark_delivered(row, cast.rep, row.version)
    drafts.mark_sent(row, cast.rep, row.version, "They asked for a call")
    assert history(row)[-3:] == [("approved", "Mona Manager"), ("delivered", "Rita Rep"), ("sent", "Rita Rep")]
    past = CommunicationHistory.objects.get(account=account)
    assert (past.subject, past.outcome, past.draft_id) == ("How are things?", "They asked for a call", row.pk)
    with pytest.raises(DraftError, match="you changed this draft"):
        drafts.mark_sent(row, cast.rep, row.version)
    assert CommunicationHistory.objects.count() == 1


def test_an_outcome_can_be_noted_later(account: Account, cast: Cast) -> None:
    row = draft(account, "delivered")
    drafts.mark_sent(row, cast.rep, row.version)
    drafts.note_outcome(row, cast.rep, row.version, "Renewed")
    assert reviewed(row).outcome == CommunicationHistory.objects.get().outcome == "Renewed"


@pytest.mark.parametrize("status", ["queued", "generating", "failed", "approved", "delivered", "sent", "rejected"])
def test_only_a_draft_in_review_can_be_approved(account: Account, cast: Cast, status: str) -> None:
    row = draft(account, status)
    with pytest.raises(DraftError, match="Nothing was done"):
        drafts.approve(row, cast.rep, row.version)
    assert reviewed(row).status == status


def test_a_draft_without_a_recipient_is_approved_only_when_that_is_meant(account: Account, cast: Cast) -> None:
    row = draft(account)
    with pytest.raises(DraftError, match="To is empty"):
        drafts.approve(row, cast.rep, row.version)
    assert reviewed(row).status == "ready"
    drafts.approve(row, cast.rep, row.version, without_recipient=True)
    assert reviewed(row).status == "approved"


def test_a_change_of_text_alone_is_told_without_its_status(account: Account, cast: Cast) -> None:
    row = draft(account, recipients="a@b.test")
    drafts.save_text(row, cast.manager, row.version, **TEXT)
    assert re.fullmatch(r"Mona Manager changed this draft at \d\d:\d\d\.", drafts.news_of(row, cast.rep))
    drafts.reject(row, cast.manager, row.version, "Wrong tone")
    assert drafts.news_of(row, cast.rep).endswith(", it is now “Rejected”.")


def test_an_unapproved_draft_is_neither_delivered_nor_sent(account: Account, cast: Cast) -> None:
    row = draft(account)
    for step in (drafts.mark_delivered, drafts.mark_sent):
        with pytest.raises(DraftError):
            step(row, cast.rep, row.version)
    assert reviewed(row).status == "ready"


def test_a_rejected_draft_says_why(account: Account, cast: Cast) -> None:
    row = draft(account, "approved")
    drafts.reject(row, cast.manager, row.version, "Wrong facts")
    assert (row.status, row.reject_reason) == ("rejected", "Wrong facts")
    assert row.events.latest("id").note == "Wrong facts"


@pytest.mark.parametrize("status", ["ready", "approved", "delivered"])
def test_a_saved_text_is_a_new_version_in_review(account: Account, cast: Cast, status: str) -> None:
    row = draft(account, status)
    drafts.save_text(row, cast.rep, row.version, recipients="a@b.test", subject="Mine", body_html="<p>Mine</p><script>1</script>")
    assert (row.status, row.subject, row.body_html, row.recipients) == ("ready", "Mine", "<p>Mine</p>", "a@b.test")
    newest, first = row.revisions.all()
    assert (newest.number, newest.origin, newest.author, newest.body_html) == (2, "edited", cast.rep, "<p>Mine</p>")
    assert (first.number, first.body_html) == (1, "<p>Hello there.</p>")


def test_saving_the_same_text_again_changes_nothing(account: Account, cast: Cast) -> None:
    row = draft(account, "approved")
    drafts.save_text(row, cast.rep, row.version, recipients="", subject="How are things?", body_html="<p>Hello there.</p>\r\n")
    assert (row.status, row.revisions.count()) == ("approved", 1)


def test_a_stale_save_writes_nothing_and_hands_back_the_other_text(account: Account, cast: Cast) -> None:
    row = draft(account)
    seen = row.version
    drafts.save_text(row, cast.manager, seen, recipients="", subject="Theirs", body_html="<p>Theirs</p>")
    with pytest.raises(StaleText, match="Mona Manager changed this draft") as caught:
        drafts.save_text(row, cast.rep, seen, **TEXT)
    assert caught.value.current.body_html == reviewed(row).body_html == "<p>Theirs</p>"


def test_an_older_version_can_be_restored(account: Account, cast: Cast) -> None:
    row = draft(account)
    drafts.save_text(row, cast.rep, row.version, **TEXT)
    drafts.restore(row, cast.rep, row.version, 1)
    assert row.body_html == "<p>Hello there.</p>"
    newest = row.revisions.latest("number")
    assert (newest.number, newest.origin, newest.note) == (3, "restored", "From version 1")
    with pytest.raises(DraftError, match="no version 9"):
        drafts.restore(row, cast.rep, row.version, 9)


def test_regenerating_keeps_the_old_text_until_there_is_a_new_one(account: Account, cast: Cast) -> None:
    row = draft(account, "approved")
    drafts.regenerate(row, cast.rep, row.version, "shorter")
    assert (row.status, row.instruction, row.body_html) == ("queued", "shorter", "<p>Hello there.</p>")


def test_regenerating_waits_for_another_draft_of_the_same_type(account: Account, cast: Cast) -> None:
    row = draft(account)
    draft(account, "queued")
    with pytest.raises(DraftError, match="Another health check-in"):
        drafts.regenerate(row, cast.rep, row.version)
    assert reviewed(row).status == "ready"


def test_a_failed_draft_can_be_tried_again(account: Account, cast: Cast) -> None:
    row = draft(account, "failed")
    drafts.retry(row, cast.rep, row.version)
    assert (row.status, row.attempts, row.failure) == ("queued", 0, "")


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_the_same_moment_one_wins(account: Account, cast: Cast) -> None:
    row = draft(account, recipients="a@b.test")
    people = (cast.rep, cast.manager)
    results = at_once(*[lambda person=person: drafts.approve(reviewed(row), person, row.version) for person in people])
    assert sorted(type(result).__name__ for result in results) == ["DraftError", "NoneType"]
    assert history(row).count(("approved", "Rita Rep")) + history(row).count(("approved", "Mona Manager")) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_the_same_moment_one_wins_and_the_other_holds_both_texts(account: Account, cast: Cast) -> None:
    row = draft(account)

    def save(text: str) -> str:
        copy = Communication.objects.get(pk=row.pk)
        drafts.save_text(copy, cast.rep, row.version, recipients="", subject=text, body_html=f"<p>{text}</p>")
        return text

    results = at_once(lambda: save("One"), lambda: save("Two"))
    [won] = [result for result in results if isinstance(result, str)]
    [lost] = [result for result in results if isinstance(result, StaleText)]
    assert reviewed(row).subject == lost.current.subject == won
    assert [revision.subject for revision in row.revisions.all()] == [won, "How are things?"]


def test_a_change_and_its_event_stand_or_fall_together(account: Account, cast: Cast) -> None:
    row = draft(account, recipients="a@b.test")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE communications_communicationevent ADD CONSTRAINT never CHECK (status <> 'approved') NOT VALID")
    with pytest.raises(Exception, match="never"):
        drafts.approve(row, cast.rep, row.version)
    assert reviewed(row).status == "ready"


def test_an_outreach_belongs_to_the_open_escalation(cast: Cast) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    escalation = make.escalation(account)
    assert drafts.request_draft(account, "escalation_outreach", cast.rep).escalation == escalation
    assert drafts.request_draft(account, "health_checkin", cast.rep).escalation is None
