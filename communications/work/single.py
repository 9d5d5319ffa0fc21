"""A task about one account: scanned, merged or drafted by the stages that people use."""

from django.db import transaction
from django.utils import timezone

from accounts import profile_updates, scan
from accounts.models import Account, Escalation, Tenant
from accounts.models.profile import CommunicationType
from accounts.outreach import left_today
from communications import drafts
from communications.models import Communication, TaskItem, TaskRun
from communications.work import release_data
from communications.work.errors import CannotBeDone, Invalid
from communications.work.results import OUTREACH, PROFILE, SCAN

Status = Communication.Status
UNDER_WAY = (Status.QUEUED, Status.GENERATING)
BUDGET_SPENT = "Today's budget of {} outreach drafts that no person asked for is used up. Ask again tomorrow, or ask the rep."
NO_OUTREACH = "By the tenant's settings an outreach is drafted only when a person asks for it. Ask the rep."


def perform(run: TaskRun, item: TaskItem) -> None:
    """Does all that can be done at once: of a draft, that is asking for it. Once more does no harm.

    Raises CannotBeDone, and Invalid where what was asked cannot be meant.
    """
    account: Account = Account.objects.select_related("tenant").get(pk=item.account_id)
    if run.task_type == PROFILE:
        merge(account, run)
    if run.task_type in (SCAN, OUTREACH):
        scan.scan_account(account)
    if run.task_type in (SCAN, PROFILE):
        TaskItem.objects.filter(pk=item.pk).update(status=TaskItem.Status.DONE)
    elif run.task_type == OUTREACH:
        take_outreach(item, account, run)
    else:
        take_draft(item, account, run)


def merge(account: Account, run: TaskRun) -> None:
    try:
        profile_updates.merge(account, run.task["profile_updates"], asked_by=asker(run))
    except profile_updates.InvalidUpdates as refused:
        raise Invalid([f"profile_updates: {issue}" for issue in refused.issues]) from None


def asker(run: TaskRun) -> str:
    return run.token.name if run.token else "A token that is gone"


def wants_another(run: TaskRun) -> bool:
    """`metadata.another`: a new draft beside one that waits for review already, as a person may ask for."""
    return run.task["metadata"].get("another") is True


def take_outreach(item: TaskItem, account: Account, run: TaskRun) -> None:
    """The outreach about the account's escalation that waits already, or a new one within the tenant's budget of the day."""
    with transaction.atomic():
        # Whoever else spends of the budget waits here.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=account.tenant_id)
        if not is_still_to_do(item):
            return
        escalation = Escalation.objects.unresolved().filter(account=account).select_related("account").first()
        waiting = None if wants_another(run) else about(account, escalation)
        if waiting is None:
            check_budget(tenant)
            note = f"Asked for by {asker(run)}" + (f", about {escalation}" if escalation else "")
            waiting = drafts.queue_or_join(account, OUTREACH, None, note, {"escalation": escalation})
        link(item, waiting)


def about(account: Account, escalation: Escalation | None) -> Communication | None:
    rows = Communication.objects.filter(account=account, communication_type=OUTREACH, escalation=escalation)
    return rows.filter(status__in=(*UNDER_WAY, Status.READY)).order_by("-pk").first()


def check_budget(tenant: Tenant) -> None:
    """To be called while the tenant's row is held. Raises CannotBeDone."""
    per_day = tenant.config.outreach_per_day
    if not per_day:
        raise CannotBeDone(NO_OUTREACH)
    if not left_today(tenant, timezone.now()):
        raise CannotBeDone(BUDGET_SPENT.format(per_day))


def take_draft(item: TaskItem, account: Account, run: TaskRun) -> None:
    kind = run.task_type
    if kind == CommunicationType.RELEASE_NOTES:
        release = release_data.release_of(account.tenant, release_data.read(run.task["release_info"]))
    with transaction.atomic():
        if not is_still_to_do(item):
            return
        values = {"release": release} if kind == CommunicationType.RELEASE_NOTES else {}
        rows = Communication.objects.filter(account=account, communication_type=kind, release=values.get("release")).order_by("-pk")
        if values:
            found = again(rows.first(), run)
        else:
            found = None if wants_another(run) else rows.filter(status__in=(*UNDER_WAY, Status.READY)).first()
        link(item, found or drafts.queue_or_join(account, kind, None, f"Asked for by {asker(run)}", values))


def again(notes: Communication | None, run: TaskRun) -> Communication | None:
    """An account has one draft of a release: that one, tried again where it failed. Raises CannotBeDone where a person rejected it."""
    if notes and notes.status == Status.REJECTED:
        raise CannotBeDone(f"The notes of release {notes.release} for this account were rejected: {notes.reject_reason}")
    if notes and notes.status == Status.FAILED:
        drafts.queue_again(notes, (Status.FAILED,), notes.version, None, f"Asked for again by {asker(run)}", instruction="")
    return notes


def is_still_to_do(item: TaskItem) -> bool:
    """Holds the item: two that do the same task at once come one after the other. To be called in a transaction."""
    return TaskItem.objects.select_for_update().filter(pk=item.pk, status=TaskItem.Status.WAITING, draft=None).exists()


def link(item: TaskItem, draft: Communication) -> None:
    TaskItem.objects.filter(pk=item.pk).update(draft=draft)
