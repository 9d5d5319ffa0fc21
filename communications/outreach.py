"""An outreach draft for every escalation that has none, without being asked for: the worst first, within the tenant's budget of the day."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Tenant
from accounts.models.escalation import EscalationQuerySet
from accounts.models.profile import CommunicationType
from accounts.outreach import left_today, recent
from communications import drafts
from communications.models import Communication

UNDER_WAY = (Communication.Status.QUEUED, Communication.Status.GENERATING)
# Of a tenant: alerts, and drafts that somebody waits for, go through the same workers.
UNDER_WAY_AT_ONCE = 25


def request(tenant_id: int, now: datetime) -> list[int]:
    """Queues what is due, as much as has room, and answers which drafts; the next tick goes on."""
    with transaction.atomic():
        # Nobody else decides at the same time: an escalation would get two drafts, and the budget would be spent twice.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        unasked = Communication.objects.filter(tenant=tenant, status__in=UNDER_WAY, requested_by=None)
        room = max(min(left_today(tenant, now), UNDER_WAY_AT_ONCE - unasked.count()), 0)
        found = due(now).filter(tenant=tenant).select_related("account")[:room]
        return [drafts.request_for(escalation).pk for escalation in found]


def due(now: datetime) -> EscalationQuerySet:
    """Escalations that have no draft, not even a failed or rejected one, and whose account has none of this type under way: the worst first."""
    of_account = Communication.objects.filter(account=OuterRef("account"), communication_type=CommunicationType.ESCALATION_OUTREACH)
    waiting = recent(now).exclude(Exists(Communication.objects.filter(escalation=OuterRef("pk"))))
    return waiting.exclude(Exists(of_account.filter(status__in=UNDER_WAY))).worst_first()
