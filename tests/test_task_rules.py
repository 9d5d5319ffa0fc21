"""What an answer's confidence and its next action follow from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import TicketSource
from accounts.schemas import HealthScoreResult
from accounts.scoring import Policy
from communications.work import standing as stands
from communications.work.confidence import Evidence, confidence, level
from communications.work.next_action import recommended
from communications.work.standing import OpenEscalation, Standing, WaitingDraft
from tests import make
from tests.conftest import Cast

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GREEN = HealthScoreResult(account_id="halden", score=100, rag_status="Green", scan_timestamp=NOW)
CALM = Standing("halden", NOW, GREEN, Policy())
OPEN = OpenEscalation("ESC-7", is_open=True, is_muted=False, due_at=NOW + timedelta(hours=4), has_outreach=True)


def health(**values: Any) -> Standing:
    return replace(CALM, health=GREEN.model_copy(update=values))


@pytest.mark.parametrize(
    ("evidence", "value", "word"),
    [
        (Evidence(), 0.95, "high"),
        (Evidence(has_failed=True), 0.1, "low"),
        (Evidence(is_scanned=False), 0.45, "low"),
        (Evidence(has_sources=False), 0.45, "low"),
        (Evidence(is_stale=True, may_be_other=True), 0.45, "low"),
        (Evidence(is_stale=True), 0.75, "medium"),
        (Evidence(scan_age_hours=26), 0.95, "high"),
        (Evidence(scan_age_hours=27), 0.75, "medium"),
        (Evidence(is_under_way=True), 0.75, "medium"),
        (Evidence(by_offline_composer=True), 0.75, "medium"),
        (Evidence(open_flags=3), 0.65, "medium"),
        (Evidence(by_offline_composer=True, open_flags=1), 0.45, "low"),
        (Evidence(is_scanned=False, has_sources=False, is_stale=True), 0.1, "low"),
    ],
)
def test_each_doubt_takes_what_the_table_says(evidence: Evidence, value: float, word: str) -> None:
    assert (confidence(evidence), level(confidence(evidence))) == (value, word)


@given(st.builds(Evidence), st.sampled_from(["has_failed", "is_stale", "may_be_other", "is_under_way", "by_offline_composer"]))
def test_a_doubt_more_never_makes_it_surer(evidence: Evidence, doubt: str) -> None:
    assert 0.1 <= confidence(replace(evidence, **{doubt: True})) <= confidence(replace(evidence, **{doubt: False})) <= 0.95


@pytest.mark.parametrize(
    ("standing", "sentence"),
    [
        (CALM, "Keep to the regular check-ins, nothing is out of the ordinary."),
        (replace(CALM, health=None), "Scan halden, which was never scanned."),
        (replace(CALM, escalation=OPEN), "Acknowledge ESC-7, due by 2026-11-23 13:00 UTC."),
        (
            replace(CALM, escalation=replace(OPEN, due_at=NOW), draft=WaitingDraft(12, "escalation outreach", False, 2)),
            "Acknowledge ESC-7, overdue since 2026-11-23 09:00 UTC, then review the escalation outreach (draft 12), "
            "which has 2 claims without a source.",
        ),
        (
            replace(CALM, escalation=replace(OPEN, is_open=False), draft=WaitingDraft(12, "health check-in", False, 0)),
            "Review the health check-in (draft 12) and approve it.",
        ),
        (
            replace(CALM, draft=WaitingDraft(12, "health check-in", True, 0)),
            "Wait for the health check-in, which is being written as draft 12.",
        ),
        (
            replace(CALM, stale=(("Jira", NOW - timedelta(days=3)),)),
            "Find out why Jira has not reported since 2026-11-20 09:00 UTC, as the score rests on it.",
        ),
        (replace(CALM, escalation=replace(OPEN, is_open=False, has_outreach=False)), "Ask for an outreach about ESC-7, which has none."),
        (health(score=25, rag_status="Red"), "Agree a recovery plan with the customer, as halden is Red at 25."),
        (
            replace(CALM, turns_red_at=NOW + timedelta(days=2)),
            "Act before 2026-11-25 09:00 UTC, when the account turns Red if nothing changes.",
        ),
        (replace(CALM, turns_red_at=NOW + timedelta(days=8)), "Keep to the regular check-ins, nothing is out of the ordinary."),
        (health(hours_since_heartbeat=80.0), "Restore the heartbeat, silent for 80 hours."),
        (
            health(oldest_p1_p2_age_days=4.2, score=60, rag_status="Amber", total_open_tickets=9),
            "Resolve the oldest P1 or P2 ticket, open for 4.2 days, then bring the 9 open tickets down to 5.",
        ),
    ],
)
def test_the_gravest_two_steps_make_the_sentence(standing: Standing, sentence: str) -> None:
    assert recommended(standing) == sentence


@pytest.mark.django_db
def test_a_standing_is_read_in_as_many_queries_whatever_there_is(cast: Cast, django_assert_max_num_queries: Any) -> None:
    account = make.red_account(cast.tenant, cast.rep)
    escalation = make.escalation(account)
    draft = make.draft(account, "escalation_outreach", escalation=escalation, open_flags=2)
    TicketSource.objects.update_or_create(
        tenant=cast.tenant, source="generic", defaults={"reported_at": datetime.now(UTC) - timedelta(days=9), "is_in_use": True}
    )
    with django_assert_max_num_queries(12):
        found = stands.of(account.pk, datetime.now(UTC))
    assert found.health is not None
    assert (found.escalation and found.escalation.name, found.draft and found.draft.number) == (str(escalation), draft.pk)
    assert [name for name, _ in found.stale] == ["Ticket feed"]
    assert found.may_be_other
