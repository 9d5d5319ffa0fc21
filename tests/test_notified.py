"""What came of telling about an escalation, as other software is told: each state of each channel."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Escalation, Notification
from communications.notified import notification_result
from tests import make
from tests.conftest import Cast


@pytest.fixture
def escalation(cast: Cast) -> Escalation:
    """One that nobody was told about."""
    account = make.account(cast.tenant, cast.rep, external_id="halden")
    now = timezone.now()
    return Escalation.objects.create(
        tenant=cast.tenant, account=account, reason="early_warning", score=50, rag="Amber", severity="Amber", opened_at=now, due_at=now
    )


def row(escalation: Escalation, channel: str, status: str, kind: str = "opened", **values: object) -> Notification:
    now = timezone.now()
    ending = {"delivered_at": now} if status == "delivered" else {}
    times = {"next_try_at": now, "created_at": now} | ending
    about = {} if kind == "digest" else {"escalation": escalation}
    return Notification.objects.create(tenant=escalation.tenant, kind=kind, channel=channel, status=status, **times | about | values)


def test_nobody_told_is_no_channel_reached_and_no_draft(escalation: Escalation) -> None:
    found = notification_result(escalation)
    assert found.account_id == "halden"
    assert found.channels == {"notion": False, "event_bus": False, "email": False, "chat": False}
    assert (found.draft_id, found.alerts_sent) == (None, 0)


@pytest.mark.parametrize("status", ["pending", "sending", "failed", "skipped"])
def test_what_has_not_arrived_is_not_reached(escalation: Escalation, status: str) -> None:
    row(escalation, "notion", status)
    found = notification_result(escalation)
    assert (found.channels["notion"], found.alerts_sent) == (False, 0)


def test_a_channel_is_reached_when_all_that_was_not_skipped_arrived(escalation: Escalation, cast: Cast) -> None:
    row(escalation, "event_bus", "delivered")
    row(escalation, "email", "delivered", recipient=cast.rep)
    row(escalation, "email", "skipped", recipient=cast.other_rep)
    row(escalation, "chat", "delivered", recipient=cast.rep)
    row(escalation, "chat", "failed", recipient=cast.manager)
    found = notification_result(escalation)
    assert found.channels == {"notion": False, "event_bus": True, "email": True, "chat": False}
    assert found.alerts_sent == 3


def test_what_a_digest_carries_counts_with_it_once(escalation: Escalation, cast: Cast) -> None:
    digest = row(escalation, "email", "delivered", "digest", recipient=cast.rep)
    for kind in ("opened", "worsened"):
        row(escalation, "email", "delivered", kind, recipient=cast.rep, carried_by=digest)
    waiting = row(escalation, "chat", "pending", "digest", recipient=cast.rep)
    row(escalation, "chat", "pending", recipient=cast.rep, carried_by=waiting)
    found = notification_result(escalation)
    assert (found.channels["email"], found.channels["chat"], found.alerts_sent) == (True, False, 1)


def test_the_latest_outreach_of_this_escalation_is_named(escalation: Escalation) -> None:
    make.draft(escalation.account, "escalation_outreach", escalation=escalation, status="rejected")
    latest = make.draft(escalation.account, "escalation_outreach", escalation=escalation)
    make.draft(escalation.account, "escalation_outreach")
    make.draft(escalation.account, "health_checkin", escalation=escalation)
    assert notification_result(escalation).draft_id == str(latest.pk)


def test_it_takes_two_queries_however_many_were_told(escalation: Escalation, cast: Cast) -> None:
    for days, kind in enumerate(("opened", "worsened", "assigned")):
        for person in (cast.rep, cast.manager, cast.admin):
            row(escalation, "email", "delivered", kind, recipient=person, created_at=timezone.now() - timedelta(days=days))
    with CaptureQueriesContext(connection) as queries:
        notification_result(escalation)
    assert len(queries) == 2
