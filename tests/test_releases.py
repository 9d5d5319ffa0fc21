"""A release is confirmed once: each account that it matters to gets one draft, written from that release."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from communications import releases, tasks
from communications.models import Communication, CommunicationEvent
from communications.releases import ReleaseError
from tests import make
from tests.conftest import Cast
from tests.messages import Told
from tests.releasing import confirm, customers, release, runs, statuses


def test_confirming_publishes_and_queues_one_draft_an_account(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 3)
    assert confirm(row, cast.manager) == 3
    row.refresh_from_db()
    assert (row.is_published, row.published_by) == (True, cast.manager)
    assert row.published_at is not None
    drafts = Communication.objects.filter(release=row)
    assert {(draft.communication_type, draft.status, draft.requested_by) for draft in drafts} == {("release_notes", "queued", cast.manager)}
    notes = CommunicationEvent.objects.filter(communication__in=drafts).values_list("status", "actor", "note")
    assert list(notes) == 3 * [("queued", cast.manager.pk, "Drafted for release 4.19")]


def test_confirming_again_adds_only_who_came_later(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 2)
    assert [confirm(row, cast.manager), confirm(row, cast.manager)] == [2, 0]
    customers(cast.tenant, cast.rep, 1)
    assert confirm(row, cast.manager) == 1
    assert statuses(row) == 3 * ["queued"]


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_nothing_double() -> None:
    tenant = make.tenant()
    people = [make.user(tenant, "manager") for _ in range(2)]
    row = release(tenant, affected_integrations=["ERP connector"])
    customers(tenant, None, 20)
    start, counts = Barrier(2), []

    def press(index: int) -> None:
        start.wait()
        try:
            counts.append(confirm(row, people[index]))
        finally:
            connection.close()

    threads = [Thread(target=press, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 20]
    assert statuses(row) == 20 * ["queued"]


def test_who_is_left_out_gets_none_and_may_be_added_later(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    first, *_ = customers(cast.tenant, cast.rep, 3)
    assert confirm(row, cast.manager, without=[first.pk]) == 2
    assert not Communication.objects.filter(account=first).exists()
    assert confirm(row, cast.manager) == 1


def test_a_rep_drafts_for_their_own_accounts_once_it_is_published(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 2)
    customers(cast.tenant, cast.other_rep, 2)
    with pytest.raises(ReleaseError, match="A manager publishes it"):
        confirm(row, cast.rep)
    row.is_published = True
    row.save()
    assert confirm(row, cast.rep) == 2
    assert set(Communication.objects.values_list("account__owner", flat=True)) == {cast.rep.pk}


def test_what_was_changed_since_it_was_looked_at_is_not_drafted(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 1)
    before = releases.seen(row)
    row.features = ["Something else"]
    row.save()
    with pytest.raises(ReleaseError, match="changed meanwhile"):
        releases.draft_for(row, cast.manager, seen_before=before)
    row.refresh_from_db()
    assert (row.is_published, statuses(row)) == (False, [])


def test_a_draft_is_written_from_its_own_release_and_names_the_environment(cast: Cast) -> None:
    row = release(cast.tenant, "4.19", affected_environments=["Kubernetes"])
    release(cast.tenant, "5.0", released_on="2026-12-20", is_published=True)
    runs(make.account(cast.tenant, cast.rep), on=("Kubernetes 1.31",))
    confirm(row, cast.manager)
    draft = Communication.objects.get(release=row)
    tasks.generate_draft(draft.pk)
    draft.refresh_from_db()
    assert (draft.status, draft.context["release_info"]["version"]) == ("ready", "4.19")
    assert "Kubernetes 1.31 in your environment" in draft.body_html
    assert "5.0" not in draft.subject + draft.body_html


def test_only_those_that_failed_are_tried_again(cast: Cast) -> None:
    row = release(cast.tenant, affected_integrations=["ERP connector"])
    customers(cast.tenant, cast.rep, 3)
    customers(cast.tenant, cast.other_rep, 1)
    confirm(row, cast.manager)
    first, second, third, others = Communication.objects.filter(release=row).order_by("account_id")
    tasks.generate_draft(first.pk)
    for draft in (second, others):
        make.failed(draft)
    Communication.objects.filter(pk=third.pk).update(status="rejected")
    shown = releases.progress(row, cast.rep)
    assert (shown.total, shown.done, shown.failed, [draft.failure for draft in shown.failures]) == (3, 3, 1, ["The writer stopped."])
    assert releases.retry_failed(row, cast.rep) == 1
    assert statuses(row) == ["ready", "queued", "rejected", "failed"]
    assert releases.retry_failed(row, cast.manager) == 1
    tasks.generate_draft(second.pk)
    second.refresh_from_db()
    assert (second.status, second.failure) == ("ready", "")


@pytest.mark.django_db(transaction=True)
def test_one_message_has_workers_told_of_all_of_them(told: Told) -> None:
    tenant = make.tenant()
    row = release(tenant, affected_integrations=["ERP connector"])
    customers(tenant, None, 3)
    confirm(row, make.user(tenant, "manager"))
    assert told() == [("communications.tasks.tell_of_waiting_drafts", [])]
    tasks.tell_of_waiting_drafts()
    expected = [("communications.tasks.generate_draft", [pk]) for pk in Communication.objects.order_by("pk").values_list("pk", flat=True)]
    assert told() == expected


@pytest.mark.django_db(transaction=True)
def test_what_somebody_waits_for_goes_before_a_release(told: Told) -> None:
    tenant = make.tenant()
    manager = make.user(tenant, "manager")
    row = release(tenant, affected_integrations=["ERP connector"])
    [account] = customers(tenant, None, 1)
    confirm(row, manager)
    asked_for = make.draft(account, status="queued", requested_by=manager)
    told()
    tasks.tell_of_waiting_drafts()
    notes = Communication.objects.get(release=row)
    assert [args for _, args in told()] == [[asked_for.pk], [notes.pk]]


@pytest.mark.django_db(transaction=True)
def test_the_broker_is_never_filled_beyond_its_room(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("communications.batches.AT_ONCE", 2)
    tenant = make.tenant()
    row = release(tenant, affected_integrations=["ERP connector"])
    customers(tenant, None, 5)
    confirm(row, make.user(tenant, "manager"))
    told()
    for _ in range(3):
        tasks.tell_of_waiting_drafts()
    first = [args for _, args in told()]
    tasks.tell_of_waiting_drafts()
    second = [args for _, args in told()]
    assert (len(first), len(second)) == (2, 2)
    assert not [args for args in second if args in first], "who was told of already does not come before the others"
