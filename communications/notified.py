"""What came of telling people and systems about an escalation, as the contract says it."""

from accounts.models import Escalation, Notification
from accounts.models.notification import Channel
from accounts.models.profile import CommunicationType
from communications.schemas import EscalationNotificationResult

Status = Notification.Status


def notification_result(escalation: Escalation) -> EscalationNotificationResult:
    """In two queries, and one for the account if it is not at hand.

    A channel was reached when all that was to go out over it arrived: what was skipped does not count against it, and alone
    is no arrival. What a digest carries went out with it, as one message.
    """
    rows = list(Notification.objects.filter(escalation=escalation).order_by().values_list("pk", "carried_by", "channel", "status"))
    went_out = {carrier or pk for pk, carrier, _, status in rows if status == Status.DELIVERED}
    tried: dict[str, set[str]] = {channel: set() for channel in Channel.values}
    for _, _, channel, status in rows:
        tried[channel] |= {status} - {Status.SKIPPED}
    drafts = escalation.communications.filter(communication_type=CommunicationType.ESCALATION_OUTREACH)
    latest = drafts.order_by("-pk").values_list("pk", flat=True).first()
    return EscalationNotificationResult(
        account_id=escalation.account.external_id,
        channels={channel: states == {Status.DELIVERED} for channel, states in tried.items()},
        draft_id=str(latest) if latest else None,
        alerts_sent=len(went_out),
    )
