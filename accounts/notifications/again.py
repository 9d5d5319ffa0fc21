"""Which messages that were given up are worth another try."""

from collections.abc import Iterable

from accounts.models import Notification, Tenant
from accounts.models.notification import Channel
from accounts.notifications import outbox, recipients

Status = Notification.Status


def worth_another_try(tenant: Tenant, rows: Iterable[Notification]) -> list[Notification]:
    """Of the tenant's rows, what failed or was skipped and would not be skipped again at once: its channel is set up by now.

    What was skipped because its person may not be told stays so for as long as they may not.
    """
    given_up = [row for row in rows if row.status in (Status.FAILED, Status.SKIPPED)]
    if not given_up:
        return []
    obstacles = outbox.obstacles(tenant)

    def is_open(row: Notification) -> bool:
        has_own = row.channel == Channel.CHAT and row.recipient is not None and row.recipient.chat_url
        return bool(has_own) or not obstacles[row.channel]

    again = [row for row in given_up if is_open(row)]
    people = {row.recipient for row in again if row.recipient and row.status == Status.SKIPPED}
    refused = {person.pk for person in people if recipients.refusal(person, tenant.pk)}
    return [row for row in again if row.status == Status.FAILED or row.recipient_id not in refused]
