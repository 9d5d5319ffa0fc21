"""What people and systems had been told in the demo's last weeks, as the outbox would have it: most arrived, a few messages did not."""

from datetime import timedelta
from typing import Any

from django.db import connection

from accounts.demo.calendar import Calendar
from accounts.models import Tenant
from accounts.notifications.channels import event_bus
from accounts.notifications.outbox import NOT_SET_UP

REMEMBERED = timedelta(days=30)
FAILED = (3, 17)  # counted in mails from the latest back
TRIED_AGAIN = 8
REFUSED = "The mail server refused the mail (552 5.2.2 The mailbox is full)."

TOLD = """
WITH news AS MATERIALIZED (
    SELECT event.at, event.kind, escalation.id, account.owner_id, person.email, md5(account.external_id || event.at::text || event.kind) AS mark,
        row_number() OVER (ORDER BY event.at DESC, account.external_id) AS place
    FROM accounts_escalationevent event JOIN accounts_escalation escalation ON escalation.id = event.escalation_id
    JOIN accounts_account account ON account.id = escalation.account_id JOIN accounts_user person ON person.id = account.owner_id
    WHERE escalation.tenant_id = %(tenant)s AND event.kind IN ('opened', 'worsened') AND event.at >= %(since)s
),
messages AS (
    SELECT news.*, channel, channel IN ('event_bus', 'email') AS is_sent, channel = 'email' AND place = ANY(%(failed)s) AS is_failed,
        CASE WHEN channel = 'email' AND place = %(again)s THEN 3 ELSE 1 END AS tries,
        interval '2 seconds' + interval '1 second' * ('x' || substr(mark, 1, 2))::bit(8)::int / 10 AS took
    FROM news CROSS JOIN (VALUES ('notion'), ('event_bus'), ('email'), ('chat')) AS channels (channel)
)
INSERT INTO accounts_notification (tenant_id, kind, channel, recipient_id, escalation_id, status, attempts, next_try_at, claimed_at,
    delivered_at, error, detail, key, created_at)
SELECT %(tenant)s, kind, channel, CASE WHEN channel IN ('email', 'chat') THEN owner_id END, id,
    CASE WHEN is_failed THEN 'failed' WHEN is_sent THEN 'delivered' ELSE 'skipped' END, CASE WHEN is_sent THEN tries ELSE 0 END, at,
    CASE WHEN is_sent THEN at + took * power(tries, 3) END, CASE WHEN is_sent AND NOT is_failed THEN at + took * power(tries, 3) + interval '1 second' END,
    CASE WHEN is_failed THEN %(refused)s WHEN is_sent THEN '' ELSE %(not_set_up)s END,
    CASE WHEN is_failed OR NOT is_sent THEN '' WHEN channel = 'email' THEN email
        ELSE %(stream)s || ' ' || floor(date_part('epoch', at) * 1000) || '-0' END,
    md5(%(tenant)s || mark || channel)::uuid, at
FROM messages ORDER BY at, mark, channel
ON CONFLICT DO NOTHING"""


def tell_of_the_past(tenant: Tenant, calendar: Calendar) -> None:
    values: dict[str, Any] = {"tenant": tenant.pk, "since": calendar.midnight - REMEMBERED, "failed": list(FAILED), "again": TRIED_AGAIN}
    values |= {"refused": REFUSED, "not_set_up": NOT_SET_UP, "stream": event_bus.stream_of(tenant.slug)}
    with connection.cursor() as cursor:
        cursor.execute(TOLD, values)
