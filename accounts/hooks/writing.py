"""Writing what a batch of events says, with what came of each event, in one transaction."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.hooks.outcomes import MAX_ATTEMPTS, Outcome, Status
from accounts.ingest import RefusedRow, TicketRow, upsert
from accounts.ingest.rows import ended
from accounts.models import Tenant, Ticket

FIRST_DELAY = timedelta(seconds=30)  # doubled at each attempt
NOT_KNOWN = "The ticket is not known, so there is nothing to delete."

# Only of the attempt that the outcome is of: another may have taken over.
NOTE = """
UPDATE accounts_inboundevent event SET status = new.status, kind = new.kind, ticket = new.ticket, error = new.error,
    next_try_at = coalesce(new.next_try_at, event.next_try_at), processed_at = CASE WHEN new.next_try_at IS NULL THEN %(now)s END
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(statuses)s::text[], %(kinds)s::text[], %(tickets)s::text[], %(errors)s::text[],
    %(nexts)s::timestamptz[]) AS new (id, attempts, status, kind, ticket, error, next_try_at)
WHERE event.id = new.id AND event.attempts = new.attempts AND event.status = 'waiting'"""

# A ticket's opening that was concluded from the time of an event gives way to an earlier one. `derive` reads it in the same transaction.
OPENED_EARLIER = """
UPDATE accounts_ticket ticket SET created_at = new.created_at
FROM unnest(%(tickets)s::text[], %(opened)s::timestamptz[]) AS new (external_id, created_at)
WHERE ticket.tenant_id = %(tenant)s AND ticket.source = %(source)s AND ticket.external_id = new.external_id
    AND new.created_at < ticket.created_at
    AND (ticket.created_at IN (ticket.source_updated_at, ticket.closed_at) OR EXISTS (
        SELECT FROM accounts_ticketstate state
        WHERE state.ticket_id = ticket.id AND ticket.created_at IN (state.source_updated_at, state.closed_at)))"""


def write(tenant: Tenant, source: str, outcomes: Sequence[Outcome], account_by: tuple[str, ...]) -> None:
    """Brings the tickets up to what the events say. Raises DatabaseError; nothing is then written."""
    with transaction.atomic():
        rows = with_opening(tenant, source, outcomes)
        if rows:
            upsert(tenant, source, rows, account_by=account_by, as_events=True)
        ended = deleted(tenant, source, outcomes, account_by)
        note(ended)


def with_opening(tenant: Tenant, source: str, outcomes: Sequence[Outcome]) -> list[TicketRow]:
    """All rows; those that do not tell when the ticket was opened get it from what is known of it."""
    rows = [row for outcome in outcomes for row in outcome.rows]
    told: dict[str, datetime] = {}
    for row in rows:
        told[row.external_id] = min(row.created_at, told.get(row.external_id, row.created_at))
    values: dict[str, Any] = {"tenant": tenant.pk, "source": source, "tickets": list(told), "opened": list(told.values())}
    with connection.cursor() as cursor:
        cursor.execute(OPENED_EARLIER, values)
    concluded = {row.external_id for each in outcomes if each.told and not each.told.opened_is_known for row in each.rows}
    if not concluded:
        return rows
    known = Ticket.objects.filter(tenant=tenant, source=source, external_id__in=concluded)
    for ticket, opened in known.values_list("external_id", "created_at"):
        told[ticket] = min(opened, told[ticket])
    return [replace(row, created_at=told[row.external_id]) if row.external_id in concluded else row for row in rows]


def deleted(tenant: Tenant, source: str, outcomes: Sequence[Outcome], account_by: tuple[str, ...]) -> list[Outcome]:
    """Ends the tickets of which only their deletion was told. One that is not known yet may still be on its way."""
    gone = [outcome.told.gone for outcome in outcomes if outcome.told and outcome.told.gone]
    if not gone:
        return list(outcomes)
    named = {each.external_id for each in gone}
    known = {ticket.external_id: ticket for ticket in Ticket.objects.filter(tenant=tenant, source=source, external_id__in=named)}
    ended = [end(outcome, known) for outcome in outcomes]
    rows = [row for outcome in ended if outcome.told and outcome.told.gone for row in outcome.rows]
    if rows:
        upsert(tenant, source, rows, account_by=account_by, as_events=True)
    return ended


def end(outcome: Outcome, known: dict[str, Ticket]) -> Outcome:
    if not (outcome.told and outcome.told.gone):
        return outcome
    ticket = known.get(outcome.told.gone.external_id)
    if ticket:
        try:
            return replace(outcome, rows=(ended(ticket, outcome.told.gone.at),))
        except RefusedRow as reason:
            return replace(outcome, status=Status.FAILED, error=str(reason))
    if outcome.event.attempts >= MAX_ATTEMPTS:
        return replace(outcome, status=Status.IGNORED, error=NOT_KNOWN)
    again_at = timezone.now() + delay(outcome.event.attempts)
    return replace(outcome, status=Status.WAITING, error="Its ticket is not known yet.", next_try_at=again_at)


def delay(attempts: int) -> timedelta:
    """Doubled each time, with jitter."""
    seconds = FIRST_DELAY.total_seconds() * 2 ** (attempts - 1)
    return timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311 (spreads load, guards nothing)


def note(outcomes: Sequence[Outcome]) -> None:
    """What came of the events."""
    values: dict[str, Any] = {
        "now": timezone.now(),
        "ids": [each.event.pk for each in outcomes],
        "attempts": [each.event.attempts for each in outcomes],
        "statuses": [str(each.status) for each in outcomes],
        "kinds": [each.told.kind[:80] if each.told else "" for each in outcomes],
        "tickets": [each.told.ticket[:120] if each.told else "" for each in outcomes],
        "errors": [each.error[:500] for each in outcomes],
        "nexts": [each.next_try_at for each in outcomes],
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, values)
