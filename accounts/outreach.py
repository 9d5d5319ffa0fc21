"""Which escalations get an outreach draft without being asked for, and why one has none. `communications.outreach` has them written."""

from datetime import datetime, time, timedelta

from django.db import connection

from accounts.models import Escalation, Tenant
from accounts.models.escalation import EscalationQuerySet

OPENED_WITHIN = timedelta(days=7)  # what is older has been talked about; a person can still ask for a draft

# By its first event and not by who asked last: a text that somebody has regenerated has cost the budget all the same.
ASKED_BY_NOBODY = """
SELECT count(*) FROM communications_communication draft
WHERE tenant_id = %s AND escalation_id IS NOT NULL AND created_at >= %s AND (
    SELECT actor_id FROM communications_communicationevent event WHERE event.communication_id = draft.id ORDER BY event.id LIMIT 1) IS NULL"""


def recent(now: datetime) -> EscalationQuerySet:
    """Those that get a draft without being asked for, as far as their own state goes; `why_none` says the same of one, in words."""
    return Escalation.objects.unresolved().of_active_accounts().filter(opened_at__gte=now - OPENED_WITHIN)


def left_today(tenant: Tenant, now: datetime) -> int:
    """How many more may be written unasked on the tenant's local day."""
    midnight = datetime.combine(now.astimezone(tenant.zone).date(), time(), tenant.zone)
    with connection.cursor() as cursor:
        cursor.execute(ASKED_BY_NOBODY, [tenant.pk, midnight])
        (written,) = cursor.fetchone() or (0,)
    return max(tenant.config.outreach_per_day - written, 0)


def why_none(escalation: Escalation, per_day: int, left: int, now: datetime) -> str:
    """Why an escalation of an active account has no draft, for people; empty where it needs none. `per_day`: the tenant's budget."""
    if escalation.status == Escalation.Status.RESOLVED:
        return ""
    if per_day == 0:
        return "No draft: here they are written only when somebody asks."
    if escalation.opened_at < now - OPENED_WITHIN:
        return f"No draft: it opened more than {OPENED_WITHIN.days} days ago."
    if left == 0:
        return f"No draft yet: today's budget of {per_day} is used up."
    return f"No draft yet: they are written the worst first, at most {per_day} a day."
