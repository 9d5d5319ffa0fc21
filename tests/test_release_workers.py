"""Many drafts of one release, two workers, and one of them killed in the middle of a draft."""

import os
import signal
from datetime import timedelta

import pytest
from django.db.models import Count
from django.utils import timezone

from communications import lease
from communications.models import Communication
from communications.tasks import sweep_waiting_drafts, tell_of_waiting_drafts
from tamdash import broker
from tests import make
from tests.releasing import confirm, customers, release
from tests.worker import wait_until, workers

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = int(os.environ.get("TAMDASH_TEST_DRAFTS", "60"))  # 500 by hand
UNDER_WAY = ("queued", "generating")


def count(*statuses: str) -> int:
    return Communication.objects.filter(status__in=statuses).count()


def test_each_account_has_one_draft_though_a_worker_was_killed() -> None:
    tenant = make.tenant()
    row = release(tenant, affected_integrations=["ERP connector"])
    customers(tenant, make.user(tenant), COUNT)
    with workers(OPENAI_API_KEY="", OPENAI_BASE_URL="") as start:
        both = [start(), start()]
        confirm(row, make.user(tenant, "manager"))
        tell_of_waiting_drafts()  # from here, as the workers' own queue is another

        def are_in_the_middle() -> bool:
            """Both stand still, each with a draft half written; else they go on."""
            for process in both:
                process.send_signal(signal.SIGSTOP)
            if count("ready") >= COUNT // 4 and count("generating") == 2:
                return True
            for process in both:
                process.send_signal(signal.SIGCONT)
            return False

        wait_until(are_in_the_middle, 120)
        both[0].kill()
        both[1].send_signal(signal.SIGCONT)
        # The other one has written all it was told of, its own half of a draft too: a lease taken from it would count as a second attempt.
        wait_until(lambda: count("generating") == 1 and broker.waiting() == 0, 240)
        # The lease runs out, and the sweep of the beat comes.
        Communication.objects.filter(status__in=UNDER_WAY).update(updated_at=timezone.now() - timedelta(minutes=1))
        sweep_waiting_drafts()
        wait_until(lambda: count("ready") == COUNT)
    drafts = Communication.objects.annotate(texts=Count("revisions"))
    assert drafts.values("account").distinct().count() == COUNT
    assert set(drafts.values_list("release", "status", "texts")) == {(row.pk, "ready", 1)}
    assert list(drafts.filter(attempts__gt=1).values_list("attempts", flat=True)) == [2]


def test_a_writer_at_work_is_not_taken_for_one_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tamdash.lease.RENEWED_EVERY", 0.02)
    tenant = make.tenant()
    draft = make.draft(make.account(tenant), status="generating")
    long_ago = timezone.now() - 2 * lease.LEASE
    with lease.held(draft.pk):
        Communication.objects.update(updated_at=long_ago)
        wait_until(lambda: Communication.objects.get().updated_at > long_ago)
        sweep_waiting_drafts()
        assert Communication.objects.get().status == "generating"
    Communication.objects.update(updated_at=long_ago)
    sweep_waiting_drafts()
    assert Communication.objects.get().status == "queued"
