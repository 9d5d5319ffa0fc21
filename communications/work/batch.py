"""A task about the whole tenant: an item an account, drafts asked for part by part, each part in one transaction."""

from typing import Any

from django.db import connection, transaction
from django.db.models import Case, OuterRef, QuerySet, Subquery, When
from django.utils import timezone

from accounts import scan
from accounts.models import Account, Escalation, ScanRun, Tenant
from accounts.models.profile import CommunicationType
from accounts.outreach import left_today
from communications import audience, batches, context, drafts
from communications.models import Communication, Release, TaskItem, TaskRun
from communications.outreach import UNDER_WAY_AT_ONCE
from communications.work import life, release_data, results
from communications.work.errors import CannotBeDone
from communications.work.single import BUDGET_SPENT, NO_OUTREACH, UNDER_WAY, about, again, asker, link, wants_another

Status = Communication.Status
Item = TaskItem.Status
PART = 500  # items a transaction
WAITING = (Status.QUEUED, Status.GENERATING, Status.READY)

FILL = "INSERT INTO communications_taskitem (run_id, account_id, status, error) SELECT %(run)s, {accounts} ON CONFLICT DO NOTHING"
ALL = FILL.format(accounts="id, 'waiting', '' FROM accounts_account WHERE tenant_id = %(tenant)s AND is_active ORDER BY id")
ESCALATED = FILL.format(
    accounts="""account.id, 'waiting', '' FROM accounts_escalation escalation
    JOIN accounts_account account ON account.id = escalation.account_id AND account.is_active
    LEFT JOIN accounts_accounthealth health ON health.account_id = account.id
    WHERE escalation.tenant_id = %(tenant)s AND escalation.status <> 'resolved'
    ORDER BY escalation.severity <> 'Red', coalesce(health.score, escalation.score), escalation.id"""
)  # the worst first
TOUCHED = "{audience} " + FILL.format(accounts="id, 'waiting', '' FROM audience ORDER BY id")
CHOSEN = """WITH chosen AS (
    SELECT account_id AS id FROM communications_taskitem WHERE id = ANY(%(items)s) AND draft_id IS NULL AND status = 'waiting'
),"""


def perform(run: TaskRun) -> None:
    """As much as there is room for now; the sweep goes on. Raises CannotBeDone, Invalid and life.LostClaim."""
    if run.task_type == results.SCAN:
        scan_all(run)
        return
    release = None
    if run.task_type == CommunicationType.RELEASE_NOTES:
        release = release_data.release_of(run.tenant, release_data.read(run.task["release_info"]))
    if run.status == TaskRun.Status.QUEUED:
        fill(run, release)
    part = outreach_part if run.task_type == CommunicationType.ESCALATION_OUTREACH else draft_part
    while part(run, release):
        pass


# The scan


def scan_all(run: TaskRun) -> None:
    """One scan a run, however often it is begun: the run names it before it starts."""
    with transaction.atomic():
        life.renew(run)
        if not run.result:
            made = scan.new_run(run.tenant, ScanRun.Kind.TENANT, timezone.now())
            run.result, run.status = {"scan": made.pk, "red_below": made.policy.red_below}, TaskRun.Status.RUNNING
            TaskRun.objects.filter(pk=run.pk).update(result=run.result, status=run.status)
    made = ScanRun.objects.get(pk=(run.result or {})["scan"])
    if not made.finished_at:
        again_at = timezone.now() if run.attempts > 1 else None
        made = scan.perform(made, again_at=again_at, is_now=True)
    run.result = {"scan": made.pk, "red_below": made.policy.red_below}
    life.end(run, results.kept(run, results.of_run(run, has_ended=True)), failed=False)


# Drafts


def fill(run: TaskRun, release: Release | None) -> None:
    """An item for each account that the task is about, and the run is running, all at once or nothing. Raises CannotBeDone."""
    values: dict[str, Any] = {"run": run.pk, "tenant": run.tenant_id}
    with transaction.atomic(), connection.cursor() as cursor:
        life.renew(run)
        if release:
            cursor.execute(TOUCHED.format(audience=audience.AUDIENCE), {**audience.Audience(release, None).values(), **values})
        else:
            cursor.execute(ESCALATED if run.task_type == CommunicationType.ESCALATION_OUTREACH else ALL, values)
        if not cursor.rowcount:
            raise CannotBeDone(nobody(run, release))
        if run.task_type == CommunicationType.ROADMAP_PREVIEW:
            check_roadmap(run.tenant)
        run.status = TaskRun.Status.RUNNING
        TaskRun.objects.filter(pk=run.pk).update(status=run.status)


def nobody(run: TaskRun, release: Release | None) -> str:
    if release:
        return f"Release {release} touches no account: nobody has on record what it names."
    if run.task_type == CommunicationType.ESCALATION_OUTREACH:
        return "No account has an open escalation: there is nobody to reach out to."
    return "The tenant has no active account."


def check_roadmap(tenant: Tenant) -> None:
    try:
        context.roadmap_items(Account(tenant=tenant))
    except context.NothingToWriteAbout as nothing:
        raise CannotBeDone(str(nothing)) from None


def draft_part(run: TaskRun, release: Release | None) -> bool:
    """Asks for the drafts of so many items at once, as a release does. Says whether there may be more to do."""
    with transaction.atomic():
        life.renew(run)
        items = list(to_begin(run)[:PART])
        if not items:
            return False
        ids = [item.pk for item in items]
        if release:
            retry_failed(run, release, items)
        if not wants_another(run) or release:
            find_drafts(run, release, ids)
        batches.queue(
            CHOSEN,
            {"items": ids},
            tenant=run.tenant_id,
            communication_type=run.task_type,
            now=timezone.now(),
            note=f"Asked for by {asker(run)}"[:500],
            release=release.pk if release else None,
        )
        find_drafts(run, release, ids)
    return True


def to_begin(run: TaskRun) -> QuerySet[TaskItem]:
    return TaskItem.objects.filter(run=run, status=Item.WAITING, draft=None).order_by("pk").select_for_update(skip_locked=True)


def find_drafts(run: TaskRun, release: Release | None, ids: list[int]) -> None:
    """Gives each item the draft that there is for it: of a release its only one, else the one that is written or waits for review."""
    found = Communication.objects.filter(account=OuterRef("account_id"), communication_type=run.task_type, release=release)
    if not release:
        found = found.filter(status__in=WAITING)
    being_written = Case(When(status=Status.READY, then=1), default=0)
    draft = Subquery(found.order_by(being_written, "-pk").values("pk")[:1])
    TaskItem.objects.filter(pk__in=ids, draft=None).update(draft=draft)


def retry_failed(run: TaskRun, release: Release, items: list[TaskItem]) -> None:
    accounts = [item.account_id for item in items]
    for notes in Communication.objects.filter(release=release, account__in=accounts, status=Status.FAILED):
        again(notes, run)


def outreach_part(run: TaskRun, release: Release | None) -> bool:
    """One at a time, as far as the day's budget and the workers have room: what is left waits for the sweep. Raises CannotBeDone."""
    with transaction.atomic():
        # Whoever else spends of the budget waits here.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=run.tenant_id)
        life.renew(run)
        item = to_begin(run).first()
        if item is None:
            return False
        escalation = Escalation.objects.unresolved().filter(account=item.account_id).select_related("account").first()
        if escalation is None:
            TaskItem.objects.filter(pk=item.pk).update(status=Item.FAILED, error="Its escalation was resolved meanwhile.")
            return True
        waiting = None if wants_another(run) else about(escalation.account, escalation)
        if waiting is None and not has_room(run, tenant):
            return False
        link(item, waiting or drafts.request_for(escalation))
    return True


def has_room(run: TaskRun, tenant: Tenant) -> bool:
    """Whether one more may be drafted now. Where the day's budget is spent, what is left of the run fails. Raises CannotBeDone."""
    per_day = tenant.config.outreach_per_day
    if not per_day:
        raise CannotBeDone(NO_OUTREACH)
    if not left_today(tenant, timezone.now()):
        to_begin(run).update(status=Item.FAILED, error=BUDGET_SPENT.format(per_day))
        return False
    unasked = Communication.objects.filter(tenant=tenant, status__in=UNDER_WAY, requested_by=None)
    return unasked.count() < UNDER_WAY_AT_ONCE
