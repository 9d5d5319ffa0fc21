"""Answering a handoff: what comes in is checked and recorded, the task behind it done, what goes out checked and recorded too."""

from dataclasses import dataclass

from django.db.models import JSONField, Value
from django.utils import timezone

from accounts import recorded, scan
from accounts.models import Account, ApiToken, Tenant
from communications.handoffs.validation import Issues, validate
from communications.models import Handoff, TaskItem, TaskRun
from communications.schemas import TAMHandoffRequest, TAMHandoffResponse, TAMTask
from communications.work import door, payload, results
from communications.work import standing as stands
from communications.work.confidence import confidence
from communications.work.errors import Invalid, Unknown
from communications.work.next_action import recommended

TRIES = 3  # a scan or an alert between reading and checking makes one of them stale
MOST_UNREAD = 2000  # bytes of a body that is no JSON


class Refused(Exception):
    """The handoff was not taken in, and is on record with its issues."""

    def __init__(self, issues: Issues) -> None:
        super().__init__("The handoff was refused.")
        self.issues = issues


class Unsettled(Exception):
    """The account changed again and again while the answer was made, and none that holds went out."""


@dataclass(frozen=True)
class Answered:
    response: TAMHandoffResponse
    run: TaskRun


def take(given: object, tenant: Tenant, token: ApiToken | None, *, wait: float | None = None) -> Answered:
    """Does what the handoff asks for. Raises Refused and Unsettled."""
    kind = str(given.get("handoff_type", "health_report")) if isinstance(given, dict) else ""
    issues = validate(kind, given, tenant)
    taken = record(tenant, token, kind, given, issues)
    if issues:
        raise Refused(issues)
    request = TAMHandoffRequest.model_validate(given)
    try:
        account = door.account_of(tenant, request.account_id)
        if not recorded.snapshots(account).exists():
            scan.scan_account(account)
        run = door.run(task_of(request, taken), tenant, token, wait=wait)
    except (Unknown, Invalid) as gone:  # since it was checked
        refuse(taken, issues := Issues(semantic=(str(gone),)))
        raise Refused(issues) from None
    return Answered(reply(run, request, taken), run)


def task_of(request: TAMHandoffRequest, taken: Handoff) -> TAMTask:
    return TAMTask(
        task_type=request.request_type,
        account_id=request.account_id,
        tenant_id=request.tenant_id,
        deal_id=request.deal_id,
        metadata={"handoff": taken.pk},
    )


def refuse_unread(body: bytes, tenant: Tenant, token: ApiToken | None) -> Issues:
    """Keeps on record what came as a handoff and is no JSON; of a long one, its beginning."""
    issues = Issues(structural=("It cannot be read as JSON.",))
    record(tenant, token, "", {"unread": body[:MOST_UNREAD].decode(errors="replace")}, issues)
    return issues


def record(tenant: Tenant, token: ApiToken | None, kind: str, given: object, issues: Issues) -> Handoff:
    account_id, deal = (given.get("account_id"), given.get("deal_id")) if isinstance(given, dict) else (None, None)
    is_known = isinstance(account_id, str) and payload.is_text(account_id)
    return Handoff.objects.create(
        tenant=tenant,
        token=token,
        direction=Handoff.Direction.IN,
        handoff_type=payload.clean(kind)[:40],
        account=Account.objects.filter(tenant=tenant, external_id=account_id).first() if is_known else None,
        deal_id=payload.clean(deal)[:120] if isinstance(deal, str) else "",
        payload=Value(None, JSONField()) if given is None else payload.on_record(given),
        is_accepted=not issues,
        structural_issues=list(issues.structural),
        semantic_issues=list(issues.semantic),
    )


def refuse(taken: Handoff, issues: Issues) -> None:
    Handoff.objects.filter(pk=taken.pk).update(is_accepted=False, semantic_issues=list(issues.semantic))


def reply(run: TaskRun, request: TAMHandoffRequest, taken: Handoff) -> TAMHandoffResponse:
    """The answer, which holds when it goes out, on record. Raises Unsettled."""
    for _ in range(TRIES):
        made = response(run, request)
        told = made.model_dump(mode="json")
        issues = validate(request.handoff_type, told, run.tenant, part="response")
        if not issues:
            break
    Handoff.objects.create(
        tenant=run.tenant,
        token=run.token,
        direction=Handoff.Direction.OUT,
        handoff_type=request.handoff_type,
        account=run.account,
        in_reply_to=taken,
        deal_id=taken.deal_id,
        payload=told,
        is_accepted=not issues,
        structural_issues=list(issues.structural),
        semantic_issues=list(issues.semantic),
    )
    if issues:
        raise Unsettled
    return made


def response(run: TaskRun, request: TAMHandoffRequest) -> TAMHandoffResponse:
    """As things stand now. A task that failed says why in the place of the next action: it is what has to be dealt with first."""
    assert run.account_id is not None
    item = TaskItem.objects.select_related("draft__generation").get(run=run)
    draft, standing = item.draft, stands.of(run.account_id, timezone.now())
    waits = item.status == TaskItem.Status.WAITING
    is_alert = request.handoff_type == "escalation_alert"
    outreach = draft if request.request_type == results.OUTREACH else None
    return TAMHandoffResponse(
        handoff_type=request.handoff_type,
        health_score=standing.health,
        escalation_result=results.escalation_result(run.account_id, outreach) if is_alert else None,
        communication_content=results.text_of(draft) if draft and not draft.is_under_way and not item.error else None,
        recommended_next_action=item.error or recommended(standing),
        confidence=confidence(results.evidence(standing, draft, failed=bool(item.error), under_way=waits)),
    )
