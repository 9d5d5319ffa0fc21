"""Bringing a tenant's tickets up to what its Jira says: page by page, each committed with the place to go on.

The row is the queue. A claim is a lease, renewed with each page: what a killed worker held is taken up when it has run out, at the page
where it stopped, and whoever lost the lease writes nothing more. A sync asks for all that changed since the one before it began, and ten
minutes more, for Jira finds what changed a little later than it changed. Deletions are told by webhooks alone: an issue that a question
no longer finds may as well have moved, or be hidden from the user who asks.
"""

import json
import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from pydantic import ValidationError

from accounts.ingest import RefusedRow, SourceTicket, TicketRow, upsert
from accounts.ingest.mapping import Mapping as Reading
from accounts.models import InboundEvent, JiraConnection
from accounts.models.inbound import TicketSystem
from accounts.models.people import time_zones
from accounts.pull import jira_api
from accounts.pull.jira_api import JiraError
from accounts.pull.places import Found, Place, following, key_of, updated_at
from accounts.sources import jira_issue, mapping_of
from accounts.sources.jira_hook import former_keys, left_behind
from accounts.sources.payload import instant, items, part
from tamdash import broker

logger = logging.getLogger(__name__)

PULL = "accounts.tasks.pull_jira"
SOURCE = TicketSystem.JIRA
OVERLAP = timedelta(minutes=10)
LEASE = timedelta(minutes=2)  # longer than a page may take to come and to be written
AT_A_STRETCH = 45.0  # seconds: then others of the worker's tasks have their turn
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
OFTEN = 5  # attempts in a row after which it counts as failed; it is tried all the same
LONGEST_PLACE = 2000  # characters
MOST_MOVES = 20  # of an issue in all its time
Status = JiraConnection.Status
Issue = Mapping[str, object]
Pair = tuple[Issue, list[TicketRow]]
Refused = tuple[Issue, str]  # with the reason


class Lost(Exception):
    """Somebody else has the connection now, or an admin changed it."""


def due(now: datetime) -> list[int]:
    """Connections whose time has come and that nobody is at work on."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = JiraConnection.objects.filter(free, is_active=True, next_run_at__lte=now)
    return list(rows.order_by("next_run_at").values_list("pk", flat=True))


def ask_for(connection: JiraConnection) -> None:
    """A sync as soon as a worker is free; one that was given up is tried again."""
    JiraConnection.objects.filter(pk=connection.pk).update(next_run_at=timezone.now(), attempts=0)
    transaction.on_commit(lambda: broker.tell(PULL, connection.pk, takes_long=True))


def pull(pk: int) -> None:
    """Goes on with the connection's sync until it ends, is to wait, or took long enough. Does nothing if it is not due, or taken."""
    held, began = claim(pk, timezone.now()), time.monotonic()
    if held is None:
        return
    try:
        while read_page(held):
            if time.monotonic() - began > AT_A_STRETCH:
                keep(held, claimed_until=None)
                broker.tell(PULL, pk, takes_long=True)
                return
    except JiraError as error:
        put_off(held, error)
    except Lost:
        logger.info("Jira connection %s is somebody else's now", pk)


def claim(pk: int, now: datetime) -> JiraConnection | None:
    """The connection, the caller's alone for the time of a lease."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    due_now = JiraConnection.objects.filter(free, pk=pk, is_active=True, next_run_at__lte=now)
    row: JiraConnection | None = due_now.select_related("tenant").first()
    if row is None:
        return None
    # What kills its workers time and again is left alone for longer and longer.
    until = now + min(LEASE * 2 ** min(max(row.attempts - OFTEN, 0), 10), LONGEST_DELAY)
    taken = {"claimed_until": until, "status": Status.RUNNING, "attempts": row.attempts + 1}
    if not due_now.filter(attempts=row.attempts, claimed_until=row.claimed_until).update(**taken):
        return None
    row.claimed_until, row.status, row.attempts = until, Status.RUNNING, row.attempts + 1
    return row


def keep(held: JiraConnection, **changes: object) -> None:
    """The only way a sync under way writes its row: as long as it is its own. Raises Lost."""
    own = JiraConnection.objects.filter(pk=held.pk, claimed_until=held.claimed_until, status=Status.RUNNING)
    if not own.update(**changes):
        raise Lost
    for name, value in changes.items():
        setattr(held, name, value)


def read_page(held: JiraConnection) -> bool:
    """Asks for a page and writes it, with the place after it; False once that was the last."""
    place = place_of(held) or begin(held)
    try:
        found = jira_api.search(held, place)
    except JiraError as error:
        if not (place.token and error.permanent):
            raise
        # A token that is too old, or of another question: the minute is read again.
        keep(held, page=place.model_copy(update={"token": ""}).model_dump_json())
        return True
    if place.token and place.token == found.token and not found.is_last:
        raise JiraError("Jira's pages lead in a circle.", permanent=False)
    write(held, place, found)
    return bool(held.page)


def place_of(held: JiraConnection) -> Place | None:
    try:
        return Place.model_validate_json(held.page) if held.page else None
    except ValidationError:
        return None


def begin(held: JiraConnection) -> Place:
    """A new sync's first place, by Jira's clock where that is behind ours."""
    now = timezone.now()
    greeting = jira_api.greet(held)
    began = min(now, greeting.at) if greeting.at else now
    since = held.synced_to - OVERLAP if held.synced_to else None
    keep(held, started_at=now, expected=expected(held), read=0, written=0, refused=0, error="", claimed_until=timezone.now() + LEASE)
    return Place(began=began, zone=greeting.zone if greeting.zone in time_zones() else "", since=since)


def expected(held: JiraConnection) -> int | None:
    """About how many issues a first sync is to read; None where that is not known, or soon done."""
    if held.synced_to:
        return None
    try:
        return jira_api.count(held, f"({held.jql})")
    except JiraError as error:
        if error.permanent or error.retry_after is not None:
            raise
        return None


def write(held: JiraConnection, place: Place, found: Found) -> None:
    """A page's tickets and the place after it, at once or not at all."""
    reading = mapping_of(held.tenant, SOURCE)
    rows, refused = rows_of(found.issues, reading)
    then = following(place, found)
    now = timezone.now()
    changes: dict[str, object] = {
        "read": held.read + max(len(found.issues) - place.again, 0),
        "attempts": 0,
        "error": "",
        "claimed_until": now + LEASE,
    }
    if held.expected is None and found.total is not None and held.synced_to is None:
        changes["expected"] = found.total
    if then:
        changes["page"] = page = then.model_dump_json()
        if len(page) > LONGEST_PLACE:
            raise JiraError("Jira's page token is longer than any that is known.", permanent=True)
    else:
        again = now + timedelta(minutes=held.every_minutes)
        changes |= {"page": "", "status": Status.IDLE, "synced_to": place.began, "next_run_at": again, "claimed_until": None}
    with transaction.atomic():
        keep(held, **changes)  # first: it holds the row, so that nobody else writes this page meanwhile
        written, not_taken = put(held, rows, reading.account_by)
        refused += not_taken
        counts = {"written": F("written") + written, "refused": F("refused") + keep_refused(held, refused, now)}
        JiraConnection.objects.filter(pk=held.pk).update(**counts)


def put(held: JiraConnection, pairs: Sequence[Pair], account_by: tuple[str, ...]) -> tuple[int, list[Refused]]:
    """Writes the issues' rows, also none: the source has reported. One that the database does not take is told apart from the others."""
    try:
        with transaction.atomic():
            rows = [row for _, told in pairs for row in told]
            return upsert(held.tenant, SOURCE, rows, account_by=account_by, as_events=True).written, []
    except (DataError, IntegrityError) as fault:
        logger.warning("Jira connection %s: the database did not take a page: %s", held.pk, type(fault).__name__)
        if len(pairs) == 1:
            return 0, [(pairs[0][0], "the database did not take it")]
    parts = [put(held, [pair], account_by) for pair in pairs]
    return sum(written for written, _ in parts), [refused for _, each in parts for refused in each]


def rows_of(issues: Sequence[Issue], reading: Reading) -> tuple[list[Pair], list[Refused]]:
    """The issues with their rows, and those that cannot be read."""
    pairs: list[Pair] = []
    refused: list[Refused] = []
    for issue in issues:
        try:
            pairs.append((issue, [reading.row(ticket) for ticket in tickets_of(issue)]))
        except RefusedRow as reason:
            refused.append((issue, str(reason)))
    return pairs, refused


def tickets_of(issue: Issue) -> Iterator[SourceTicket]:
    """The issue's ticket, and those of the keys it had before it was moved, which end with the move, as a webhook tells it."""
    ticket = jira_issue.read(issue)
    yield ticket
    moves = 0
    for history in items(part(issue, "changelog", "histories")):
        moves += bool(keys := former_keys(history))
        if moves > MOST_MOVES:
            raise RefusedRow(f"it was moved more than {MOST_MOVES} times")
        if keys and (at := instant(part(history, "created"), "The move")):
            yield from left_behind({"changelog": history}, replace(ticket, updated_at=at))


def keep_refused(held: JiraConnection, refused: Sequence[Refused], now: datetime) -> int:
    """Keeps issues that cannot be read as a webhook's events are kept: shown, and replayed once the mapping is mended. Says how many are new."""
    if not refused:
        return 0
    told = {(key_of(issue)[:120], as_event(issue)): reason for issue, reason in refused}
    statuses = InboundEvent.Status
    # Each status by itself: its events have an index, all events of a ticket have none.
    kept = Q(status=statuses.FAILED) | Q(status=statuses.WAITING)
    there = InboundEvent.objects.filter(kept, tenant=held.tenant, source=SOURCE, ticket__in={ticket for ticket, _ in told})
    known = {(ticket, bytes(body)) for ticket, body in there.order_by().values_list("ticket", "body")}
    always = {"source": SOURCE, "received_at": now, "content_type": "application/json", "status": statuses.FAILED, "next_try_at": now}
    new = [
        InboundEvent(tenant=held.tenant, body=body, kind="pulled issue", ticket=ticket, error=reason[:500], processed_at=now, **always)
        for (ticket, body), reason in told.items()
        if (ticket, body) not in known
    ]
    return len(InboundEvent.objects.bulk_create(new))


def as_event(issue: Issue) -> bytes:
    """The body with which a webhook would tell of the issue."""
    changed = updated_at(issue)
    event = {"webhookEvent": "jira:issue_updated", "issue": issue} | ({"timestamp": int(changed.timestamp() * 1000)} if changed else {})
    return json.dumps(event).encode()


def put_off(held: JiraConnection, error: JiraError) -> None:
    """Again after a pause that doubles, or when Jira likes; what only a person can mend waits for one."""
    attempts = max(held.attempts, 1)
    pause = min(FIRST_DELAY * 2 ** min(attempts - 1, 10), LONGEST_DELAY) * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load)
    asked = timedelta(seconds=min(error.retry_after or 0, LONGEST_DELAY.total_seconds()))
    given_up = error.permanent or attempts >= OFTEN
    words, next_run_at = str(error)[:500], None if error.permanent else timezone.now() + max(pause, asked)
    logger.warning("Jira connection %s at attempt %s: %s", held.pk, attempts, words)
    status = Status.FAILED if given_up else Status.RUNNING
    try:
        keep(held, status=status, error=words, next_run_at=next_run_at, claimed_until=None, attempts=attempts)
    except Lost:
        logger.info("Jira connection %s is somebody else's now", held.pk)
