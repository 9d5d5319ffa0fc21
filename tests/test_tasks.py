"""Tasks about one account, each to its end, without a model."""

import pytest

from accounts.models import Account, ProfileChange, ScanRun, Stakeholder
from communications.models import Communication, Release, RoadmapItem, TaskItem, TaskRun
from communications.work import door, life, results
from communications.work.errors import Invalid, Unknown
from tests import make
from tests.asking import ask, finished, task, token
from tests.conftest import Cast


@pytest.fixture
def account(cast: Cast) -> Account:
    return make.red_account(cast.tenant, cast.rep, name="Halden Freight")


def test_a_health_scan_answers_with_the_score_at_once(account: Account, cast: Cast) -> None:
    run = ask(cast.tenant, "health_scan", account)
    result = results.of_run(run)
    assert (run.status, result.partial, result.error) == ("done", False, None)
    assert result.health_score is not None
    assert (result.health_score.account_id, result.health_score.rag_status) == (account.external_id, "Red")
    assert result.health_score.should_escalate


def test_an_outreach_says_who_was_told_and_holds_the_text(account: Account, cast: Cast) -> None:
    run = ask(cast.tenant, "escalation_outreach", account)
    before = results.of_run(run)
    assert (run.status, before.partial, before.communication_content) == ("running", True, None)
    result = finished(run)
    draft = Communication.objects.get()
    assert result.escalation_result is not None
    assert (result.draft_id, result.escalation_result.draft_id) == (str(draft.pk), str(draft.pk))
    assert set(result.escalation_result.channels) == {"notion", "event_bus", "email", "chat"}
    assert result.communication_content is not None
    assert result.communication_content.startswith(draft.subject)
    assert "<p>" not in result.communication_content
    assert (result.communication_type, result.partial, run.status) == ("escalation_outreach", False, "done")
    assert draft.escalation is not None


@pytest.mark.parametrize("kind", ["health_checkin", "customer_success_review", "roadmap_preview", "release_notes"])
def test_each_message_is_drafted(kind: str, account: Account, cast: Cast) -> None:
    RoadmapItem.objects.create(tenant=cast.tenant, title="Returns portal", horizon="Q1 2027")
    info = {"version": "4.20", "features": ["Saved views by link"]} if kind == "release_notes" else {}
    result = finished(ask(cast.tenant, kind, account, release_info=info))
    assert (result.communication_type, result.error, result.partial) == (kind, None, False)
    assert result.communication_content is not None
    assert Communication.objects.get().status == "ready"
    assert Communication.objects.get().requested_by is None


def test_a_profile_is_updated_in_the_name_of_the_token(account: Account, cast: Cast) -> None:
    updates = {"stakeholders": [{"name": "Petra", "role": "CIO", "technical_maturity": "high"}]}
    asked = token(cast.tenant, "CRM sync")
    run = door.run(task(cast.tenant, "update_relationship_profile", account, profile_updates=updates), cast.tenant, asked)
    result = results.of_run(run)
    assert result.relationship_profile is not None
    assert [person.name for person in result.relationship_profile.stakeholders] == ["Petra"]
    assert ProfileChange.objects.values_list("asked_by", flat=True).distinct().get() == "CRM sync"
    assert Stakeholder.objects.get().account == account


def test_updates_that_cannot_be_merged_are_refused_with_every_issue(account: Account, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast.tenant, "update_relationship_profile", account, profile_updates={"shoe_size": 44})
    assert "shoe_size" in " ".join(refused.value.issues)
    run = TaskRun.objects.get()
    assert (run.status, results.of_run(run).confidence, results.of_run(run).partial) == ("failed", "low", True)


def test_another_tenants_account_and_an_archived_one_are_as_unknown_as_none(account: Account, cast: Cast) -> None:
    theirs = make.account(cast.stranger.tenant)
    archived = make.account(cast.tenant, is_active=False)
    said = set()
    for name in (theirs.external_id, archived.external_id, "nobody", "a\0b", ""):
        with pytest.raises(Unknown) as unknown:
            ask(cast.tenant, "health_scan", account_id=name)
        said.add(str(unknown.value))
    for tenant in (cast.stranger.tenant.slug, "no-such-tenant"):
        with pytest.raises(Unknown) as unknown:
            ask(cast.tenant, "health_scan", account, tenant_id=tenant)
        said.add(str(unknown.value))
    assert len(said) == 2
    assert not TaskRun.objects.exists()


def test_a_draft_that_waits_for_review_is_answered_instead_of_a_second(account: Account, cast: Cast) -> None:
    first = finished(ask(cast.tenant, "health_checkin", account))
    again = ask(cast.tenant, "health_checkin", account)
    assert (again.status, results.of_run(again).draft_id) == ("done", first.draft_id)
    other = finished(ask(cast.tenant, "health_checkin", account, metadata={"another": True}))
    assert other.draft_id != first.draft_id


def test_the_days_budget_of_outreach_holds_for_software_too(account: Account, cast: Cast) -> None:
    cast.tenant.settings = {"outreach_per_day": 1}
    cast.tenant.save()
    other = make.red_account(cast.tenant)
    assert finished(ask(cast.tenant, "escalation_outreach", other)).error is None
    result = results.of_run(ask(cast.tenant, "escalation_outreach", account))
    assert result.error is not None
    assert "budget of 1 outreach" in result.error
    assert (result.confidence, result.partial, Communication.objects.count()) == ("low", True, 1)


def test_what_there_is_nothing_to_write_about_is_said_in_words(account: Account, cast: Cast) -> None:
    notes = results.of_run(ask(cast.tenant, "release_notes", account))
    roadmap = finished(ask(cast.tenant, "roadmap_preview", account))
    for result, words in ((notes, "No release is published yet"), (roadmap, "The roadmap is empty")):
        assert result.error is not None
        assert result.error.startswith(words)
        assert (result.confidence, result.partial, result.communication_content) == ("low", True, None)


def test_a_release_is_written_down_once_and_left_to_a_manager_to_publish(account: Account, cast: Cast) -> None:
    info = {"version": "4.20", "features": ["Saved views"], "affected_features": ["Order console"]}
    first = finished(ask(cast.tenant, "release_notes", account, release_info=info))
    again = finished(ask(cast.tenant, "release_notes", account, release_info={"version": "4.20"}))
    assert again.draft_id == first.draft_id
    assert Release.objects.values_list("version", "is_published").get() == ("4.20", False)
    refused: list[dict[str, object]] = [
        {"version": "4.20", "features": ["Another"]},
        {"version": "4.21"},
        {"version": ""},
        {"highlights": []},
    ]
    for wrong in refused:
        with pytest.raises(Invalid):
            ask(cast.tenant, "release_notes", account, release_info=wrong)


def test_notes_that_failed_are_tried_again_and_rejected_ones_are_not(account: Account, cast: Cast) -> None:
    info = {"version": "4.20", "features": ["Saved views"]}
    finished(ask(cast.tenant, "release_notes", account, release_info=info))
    make.failed(Communication.objects.get())
    assert finished(ask(cast.tenant, "release_notes", account, release_info=info)).error is None
    Communication.objects.update(status="rejected", reject_reason="Not for them")
    error = results.of_run(ask(cast.tenant, "release_notes", account, release_info=info)).error
    assert error is not None
    assert error.endswith("were rejected: Not for them")


def test_a_fault_ends_the_task_in_words_and_no_trace(account: Account, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail in accounts/scan.py")

    monkeypatch.setattr("accounts.scan.scan_account", broken)
    run = ask(cast.tenant, "health_scan", account)
    result = results.of_run(run)
    assert result.error is not None
    assert result.error.startswith("An unexpected error stopped the task.")
    assert "secret" not in str(run.result)
    assert (run.status, result.confidence, result.partial) == ("failed", "low", True)


def test_one_whose_caller_died_is_taken_up_again(account: Account, cast: Cast) -> None:
    left = door.accept(task(cast.tenant, "health_scan", account), cast.tenant, None)
    door.work_off(str(left.pk), left.created_at)
    assert not ScanRun.objects.exists(), "its lease has not run out"
    door.work_off(str(left.pk), left.created_at + 2 * life.LEASE)
    left.refresh_from_db()
    assert (left.status, TaskItem.objects.get().status) == ("done", "done")


def test_hostile_metadata_is_refused_before_anything_is_kept(account: Account, cast: Cast) -> None:
    deep: dict[str, object] = {}
    for _ in range(50):
        deep = {"deeper": deep}
    for hostile in ({"a": "x\0y"}, deep, {"long": "x" * 70_000}):
        with pytest.raises(Invalid):
            ask(cast.tenant, "health_scan", account, metadata=hostile)
    assert not TaskRun.objects.exists()
