"""What came of a task, as the contract says it: from the rows as they are, until the run has ended and keeps its answer."""

from typing import Any

from django.utils import timezone

from accounts import recorded
from accounts.freshness import stale_sources
from accounts.models import Account, Escalation, Tenant
from accounts.models.notification import Channel
from accounts.schemas import DEFAULT_RED_BELOW
from communications import sanitise
from communications.models import Communication, Generation, TaskItem, TaskRun
from communications.notified import notification_result
from communications.schemas import EscalationNotificationResult, TAMResult
from communications.work import standing as stands
from communications.work.confidence import Evidence, confidence, level
from communications.work.standing import Standing

OUTREACH = "escalation_outreach"
ABOUT_HEALTH = ("health_scan", OUTREACH, "health_checkin", "customer_success_review")
PROFILE = "update_relationship_profile"
SCAN = "health_scan"


def text_of(draft: Communication) -> str | None:
    """The draft's present text as plain text under its subject; None as long as there is none."""
    return f"{draft.subject}\n\n{sanitise.to_text(draft.body_html)}".strip() if draft.body_html else None


def failure(task_type: str, why: str) -> TAMResult:
    return TAMResult(task_type=task_type, error=why, confidence="low", partial=True)


def of_run(run: TaskRun, *, has_ended: bool = False) -> TAMResult:
    """What the run has come to by now. `has_ended`: nothing is left to do of it, and its answer is about to be kept."""
    if run.result and run.finished_at:
        return TAMResult.model_validate(run.result, context={"red_below": run.result.get("red_below", DEFAULT_RED_BELOW)})
    if run.account_id is None:
        return of_batch(run, is_under_way=not has_ended)
    item = TaskItem.objects.select_related("draft__generation").filter(run=run).first()
    return of_account(run, item, stands.of(run.account_id, timezone.now()))


def kept(run: TaskRun, result: TAMResult) -> dict[str, Any]:
    """The answer as the run keeps it; with the scan that a batch is about, and the policy's limit that its scores were escalated by."""
    scan = {name: run.result[name] for name in ("scan", "red_below") if run.result and name in run.result}
    limit = {} if run.account_id is None else {"red_below": red_below(run.account_id)}
    return result.model_dump(mode="json") | limit | scan


def red_below(account_id: int) -> int:
    """The limit of the policy that the account was last scanned by."""
    snapshot = recorded.snapshots(Account(pk=account_id, tenant_id=Account.objects.values_list("tenant_id", flat=True).get(pk=account_id)))
    found = snapshot.first()
    return found.scan.policy.red_below if found else DEFAULT_RED_BELOW


def of_account(run: TaskRun, item: TaskItem | None, standing: Standing) -> TAMResult:
    """Of a task about one account."""
    draft, error = (item.draft, item.error or None) if item else (None, None)
    kind = run.task_type
    text = text_of(draft) if draft and not draft.is_under_way else None
    waits = item is None or item.status == TaskItem.Status.WAITING
    return TAMResult(
        task_type=kind,
        health_score=standing.health if kind in ABOUT_HEALTH else None,
        escalation_result=escalation_result(run.account_id, draft) if kind == OUTREACH and run.account_id else None,
        communication_content=text,
        communication_type=draft.communication_type if draft else None,
        draft_id=str(draft.pk) if draft else None,
        relationship_profile=profile(run.account_id) if kind == PROFILE and run.account_id and not (waits or error) else None,
        error=error,
        confidence=level(confidence(evidence(standing, draft, failed=bool(error), under_way=waits))),
        partial=waits or bool(error),
    )


def evidence(standing: Standing, draft: Communication | None = None, *, failed: bool = False, under_way: bool = False) -> Evidence:
    return Evidence(
        has_failed=failed,
        is_scanned=standing.health is not None,
        has_sources=standing.has_sources,
        is_stale=bool(standing.stale),
        may_be_other=standing.may_be_other,
        scan_age_hours=standing.scan_age_hours,
        is_under_way=under_way,
        by_offline_composer=bool(draft and draft.writer == Generation.Writer.OFFLINE),
        open_flags=(draft.open_flags or 0) if draft else 0,
    )


def profile(account_id: int) -> Any:
    return Account.objects.with_profile().select_related("tenant").get(pk=account_id).relationship_profile()


def escalation_result(account_id: int, draft: Communication | None = None) -> EscalationNotificationResult:
    """Of the escalation that the draft is about, or that the account has now. Without one nobody was told of anything."""
    rows = Escalation.objects.select_related("account")
    about = draft.escalation_id if draft else None
    escalation = rows.get(pk=about) if about else rows.unresolved().filter(account=account_id).first()
    if escalation:
        return notification_result(escalation)
    external_id = Account.objects.values_list("external_id", flat=True).get(pk=account_id)
    nobody = dict.fromkeys(Channel.values, False)
    return EscalationNotificationResult(account_id=external_id, channels=nobody, draft_id=str(draft.pk) if draft else None)


def of_batch(run: TaskRun, *, is_under_way: bool) -> TAMResult:
    """Of a task about the whole tenant, without what came of each account: that is read page by page."""
    failed = run.items.filter(status=TaskItem.Status.FAILED).select_related("account").order_by("pk")
    count = failed.count()
    first = failed.first() if count else None
    error = f"{count} of {run.items.count()} accounts failed. The first, {first.account.external_id}: {first.error}" if first else None
    given = Evidence(has_failed=count > 0, is_under_way=is_under_way, is_stale=is_stale(run.tenant))
    return TAMResult(
        task_type=run.task_type,
        communication_type=None if run.task_type == SCAN else run.task_type,
        error=error,
        confidence=level(confidence(given)),
        partial=is_under_way or count > 0,
    )


def is_stale(tenant: Tenant) -> bool:
    return bool(stale_sources(tenant, timezone.now()))


def of_item(run: TaskRun, item: TaskItem, stale: bool) -> TAMResult:
    """Of one account of a batch: by its draft alone, so that a page of them costs no more than one."""
    draft, error, waits = item.draft, item.error or None, item.status == TaskItem.Status.WAITING
    given = Evidence(
        has_failed=bool(error),
        is_stale=stale,
        is_under_way=waits,
        by_offline_composer=bool(draft and draft.writer == Generation.Writer.OFFLINE),
        open_flags=(draft.open_flags or 0) if draft else 0,
    )
    return TAMResult(
        task_type=run.task_type,
        communication_content=text_of(draft) if draft and not draft.is_under_way else None,
        communication_type=run.task_type,
        draft_id=str(draft.pk) if draft else None,
        error=error,
        confidence=level(confidence(given)),
        partial=waits or bool(error),
    )
