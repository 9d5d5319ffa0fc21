"""Writing what is to be told, in the transaction of what happened. `delivery` reads it.

People are told at most five times a scan and channel; the rest comes in one digest, the worst first. Systems (Notion, the event bus)
hear of every escalation: a page or a record that is missing is no relief to anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.models import ChannelSettings, ScanRun, Tenant, User
from accounts.models.notification import Channel, Notification
from accounts.notifications.recipients import ELIGIBLE
from tamdash import broker

DELIVER = "accounts.tasks.deliver_notifications"
PERSONAL = (Channel.EMAIL, Channel.CHAT)
SINGLE_ALERTS = 5  # per person, scan and channel
OUTREACH = "communications.tasks.request_tenant_outreach"  # by its name, as that package builds on this one
NOT_SET_UP = "Not set up."
NOBODY = "There is nobody to tell: no owner of the account and no manager who is active and whose address is no customer's."
NOT_THIS_PERSON = "This person may not be told: they are not active, or their address is a customer's."

# An alert goes to the account's owner; where there is no owner who may be told, to every manager who may. That a warning turned Red
# goes to whoever it was assigned to, too. `only`: what was assigned goes to that person and to nobody else.
TELL = """
WITH eligible AS MATERIALIZED ({eligible}
),
news AS MATERIALIZED (
    SELECT escalation.id, escalation.severity <> 'Red' AS is_milder, coalesce(health.score, escalation.score) AS score, occasion.kind,
        coalesce(%(only)s, account.owner_id) AS meant_for, escalation.assignee_id
    FROM (SELECT unnest(%(opened)s::bigint[]) AS id, 'opened' AS kind UNION ALL SELECT unnest(%(worsened)s::bigint[]), 'worsened'
        UNION ALL SELECT unnest(%(assigned)s::bigint[]), 'assigned') AS occasion
    JOIN accounts_escalation escalation ON escalation.id = occasion.id AND escalation.tenant_id = %(tenant)s
    JOIN accounts_account account ON account.id = escalation.account_id
    LEFT JOIN accounts_accounthealth health ON health.account_id = account.id
),
owned AS (
    SELECT news.*, person.id AS person_id, person.has_chat FROM news LEFT JOIN eligible person ON person.id = meant_for
),
people AS (
    SELECT id, is_milder, score, kind, person_id, has_chat FROM owned WHERE person_id IS NOT NULL
    UNION
    SELECT owned.id, is_milder, score, kind, manager.id, manager.has_chat
    FROM owned LEFT JOIN eligible manager ON manager.role = 'manager' AND %(only)s::bigint IS NULL WHERE owned.person_id IS NULL
    UNION
    SELECT news.id, is_milder, score, kind, assignee.id, assignee.has_chat
    FROM news JOIN eligible assignee ON assignee.id = news.assignee_id WHERE kind = 'worsened'
),
-- Told again, because somebody has left meanwhile: who was told already is not told twice.
personal AS MATERIALIZED (
    SELECT people.*, channel, row_number() OVER (PARTITION BY person_id, channel ORDER BY is_milder, score, id) AS place,
        CASE WHEN person_id IS NULL THEN %(nobody)s WHEN channel = 'email' THEN %(email)s WHEN has_chat THEN '' ELSE %(chat)s END AS obstacle
    FROM people CROSS JOIN unnest(%(channels)s::text[]) AS channels (channel)
    WHERE kind = 'assigned' OR NOT EXISTS (
        SELECT FROM accounts_notification told WHERE told.escalation_id = people.id AND told.kind = people.kind
            AND told.channel = channels.channel AND told.recipient_id IS NOT DISTINCT FROM person_id)
),
digests AS (
    INSERT INTO accounts_notification (tenant_id, kind, channel, recipient_id, scan_id, status, attempts, next_try_at, error, detail, key, created_at)
    SELECT %(tenant)s, 'digest', channel, person_id, %(scan)s::bigint, 'pending', 0, %(now)s, '', '', gen_random_uuid(), %(now)s
    FROM personal WHERE place > %(single)s AND obstacle = '' GROUP BY channel, person_id
    RETURNING id, channel, recipient_id
)
INSERT INTO accounts_notification (tenant_id, kind, channel, recipient_id, escalation_id, carried_by_id, scan_id,
    status, attempts, next_try_at, error, detail, key, created_at)
SELECT %(tenant)s, kind, personal.channel, person_id, personal.id, digests.id, %(scan)s::bigint,
    CASE obstacle WHEN '' THEN 'pending' ELSE 'skipped' END, 0, %(now)s, obstacle, '', gen_random_uuid(), %(now)s
FROM personal LEFT JOIN digests ON place > %(single)s AND digests.channel = personal.channel AND digests.recipient_id = person_id
UNION ALL
SELECT %(tenant)s, kind, channel, NULL, news.id, NULL, %(scan)s::bigint,
    CASE obstacle WHEN '' THEN 'pending' ELSE 'skipped' END, 0, %(now)s, obstacle, '', gen_random_uuid(), %(now)s
FROM news CROSS JOIN (VALUES ('notion', %(notion)s), ('event_bus', %(event_bus)s)) AS systems (channel, obstacle)
WHERE kind <> 'assigned'
ON CONFLICT DO NOTHING"""

# Whoever looks after an account, once a scan.
TELL_OF_THE_MORNING = """
INSERT INTO accounts_notification (tenant_id, kind, channel, recipient_id, scan_id, status, attempts, next_try_at, error, detail, key, created_at)
SELECT %(tenant)s, 'morning', 'email', person.id, %(scan)s::bigint, 'pending', 0, %(now)s, '', '', gen_random_uuid(), %(now)s
FROM ({eligible}) AS person
WHERE wants_morning_digest AND EXISTS (SELECT FROM accounts_account WHERE owner_id = person.id AND is_active)
ORDER BY person.id
ON CONFLICT DO NOTHING"""


def tell(tenant: Tenant, now: datetime, *, scan: ScanRun | None = None, opened: Sequence[int] = (), worsened: Sequence[int] = ()) -> None:
    """Escalations that opened or turned Red. To be called in the transaction in which they did."""
    if opened or worsened:
        write(tenant, now, scan, {"opened": opened, "worsened": worsened})
    if opened:
        transaction.on_commit(lambda: broker.tell(OUTREACH, tenant.pk, expires=50))


def tell_others(tenant: Tenant, now: datetime, channel: str, opened: Sequence[int], worsened: Sequence[int]) -> None:
    """The same over one channel, to whoever is to be told by now and was not."""
    write(tenant, now, None, {"opened": opened, "worsened": worsened}, channels=(channel,))


def tell_assignee(tenant: Tenant, assigned: Sequence[int], person: User, now: datetime) -> None:
    """That these are theirs to deal with."""
    if assigned:
        write(tenant, now, None, {"assigned": assigned}, only=person)


def tell_of_the_morning(scan: ScanRun, now: datetime) -> None:
    """A digest for everybody who looks after accounts and wants one. Nothing where there is no mail."""
    if obstacles(scan.tenant)[Channel.EMAIL]:
        return
    with connection.cursor() as cursor:
        cursor.execute(TELL_OF_THE_MORNING.format(eligible=ELIGIBLE), {"tenant": scan.tenant_id, "scan": scan.pk, "now": now})
    wake(scan.tenant)


def write(
    tenant: Tenant,
    now: datetime,
    scan: ScanRun | None,
    occasions: Mapping[str, Sequence[int]],
    *,
    only: User | None = None,
    channels: Sequence[str] = PERSONAL,
) -> None:
    values: dict[str, Any] = {kind: list(occasions.get(kind, ())) for kind in ("opened", "worsened", "assigned")}
    values |= {"tenant": tenant.pk, "scan": scan.pk if scan else None, "only": only.pk if only else None, "now": now}
    values |= {"single": SINGLE_ALERTS, "nobody": NOT_THIS_PERSON if only else NOBODY, "channels": list(channels)} | obstacles(tenant)
    with connection.cursor() as cursor:
        cursor.execute(TELL.format(eligible=ELIGIBLE), values)
    wake(tenant)


def obstacles(tenant: Tenant) -> dict[str, str]:
    """Why each channel takes nothing now; empty where it does. A person's own chat address needs none of the tenant's."""
    channels = ChannelSettings.of(tenant)
    open_ones = {
        Channel.EMAIL: settings.EMAIL_IS_SET_UP and channels.email_enabled,
        Channel.EVENT_BUS: channels.event_bus_enabled,
        Channel.CHAT: bool(channels.chat_url),
        Channel.NOTION: bool(channels.notion_token),
    }
    return {str(channel): "" if is_open else NOT_SET_UP for channel, is_open in open_ones.items()}


def wake(tenant: Tenant) -> None:
    """Tells workers on commit that there is something to deliver."""

    def tell_workers() -> None:
        pending = Notification.objects.filter(tenant=tenant, status="pending", carried_by=None)
        for channel in pending.order_by().values_list("channel", flat=True).distinct():
            broker.tell(DELIVER, tenant.pk, channel)

    transaction.on_commit(tell_workers)
