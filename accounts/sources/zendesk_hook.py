"""Zendesk's webhooks: ticket events (`zen:event-type:ticket.…`) and the JSON that a trigger or automation was given to send."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.ingest import RefusedRow, SourceTicket
from accounts.sources import written
from accounts.sources.payload import account_values, instant, items, part, text
from accounts.sources.told import Told

EVENT = "zen:event-type:"
OF_TICKETS = f"{EVENT}ticket."
TALK = ("comment", "attachment")
GONE = ("soft_deleted", "permanently_deleted", "deleted")
NONE = "0"  # how an event says that there is no organization
A_MOMENT = timedelta(milliseconds=1)


def read(event: Mapping[str, object], received_at: datetime) -> Told:
    kind = text(event.get("type"))
    if not kind.startswith(EVENT):
        return written.read(event, received_at, within=("ticket",))
    name = kind.removeprefix(EVENT)
    what = kind.removeprefix(OF_TICKETS)
    if what == kind:
        return Told(name, ignored="Only events of tickets are of interest.")
    if what.startswith(TALK):
        return Told(name, ignored="What is said in a ticket leaves its state as it is.")
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise RefusedRow("the event has no detail")
    at = instant(event.get("time"), "The event's time") or received_at
    return Told(name, (state(detail, at, is_gone=what in GONE),), opened_is_known=bool(detail.get("created_at")))


def state(detail: Mapping[str, object], at: datetime, *, is_gone: bool) -> SourceTicket:
    """The ticket; one that was deleted says nothing of that itself, so its deletion is later than all it says."""
    changed = instant(detail.get("updated_at"), "updated_at") or at
    gone_at = max(at, changed + A_MOMENT) if is_gone else None
    organization = text(detail.get("organization_id"))
    labels = [("label", tag) for tag in items(detail.get("tags"))]
    fields = [(f"customfield_{text(part(item, 'id'))}", part(item, "value")) for item in items(detail.get("custom_fields"))]
    return SourceTicket(
        external_id=text(detail.get("id")),
        created_at=instant(detail.get("created_at"), "created_at") or changed,
        updated_at=gone_at or changed,
        priority=text(detail.get("priority")),
        status=text(detail.get("status")),
        subject=text(detail.get("subject")),
        account_values=account_values([("organization", organization if organization != NONE else ""), *labels, *fields]),
        deleted_at=gone_at,
    )
