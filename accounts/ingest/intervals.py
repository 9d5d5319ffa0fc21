"""When a ticket was open, with which account and priority: derived from all its states, whatever order they arrived in.

A state holds from its instant until the next one's. A first state that is open holds since the ticket was opened; one that is over
says when it ended, which may lie before the source told of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from django.db.backends.utils import CursorWrapper

from accounts.models.signals import LIVE

AT_ONCE = 5_000  # tickets


@dataclass(frozen=True)
class State:
    """What a source said of a ticket at an instant. `at` is when it became so; None: the source doesn't tell."""

    at: datetime | None
    status: str
    priority: int
    account: int | None
    closed_at: datetime | None
    heard_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True)
class Interval:
    """Open from `start` until before `end` (None: still open). `end_known_at`: when tamdash heard of the end."""

    start: datetime
    end: datetime | None
    account: int | None
    priority: int
    end_known_at: datetime | None = None


def intervals(opened_at: datetime, states: Sequence[State]) -> list[Interval]:
    """The times in which a ticket was open; `states` in the order of their versions. None is empty, and they do not overlap."""
    past: list[Interval] = []
    run: list[Interval] = []  # since it was opened or reopened: each ends where the next begins
    start = opened_at
    for number, state in enumerate(states):
        if number and state.at:
            start = max(start, state.at)
        if state.is_live or number == 0:
            run.append(Interval(start, None, state.account, state.priority))
        if not state.is_live:
            past += ended(run, state.closed_at or start, state.heard_at)
            run = []
    return merged([*past, *ended(run, None, None)])


def ended(run: Sequence[Interval], end: datetime | None, known_at: datetime | None) -> Iterator[Interval]:
    """The run up to its end (None: it goes on). What would begin later than that never was."""
    following = [each.start for each in run[1:]]
    for each, until in zip_longest(run, following):
        last = end if until is None else until if end is None else min(until, end)
        if last is None or each.start < last:
            yield replace(each, end=last, end_known_at=known_at if last == end else None)


def merged(found: Iterable[Interval]) -> list[Interval]:
    """Two that meet, of one account and priority, are one."""
    joined: list[Interval] = []
    for each in found:
        last = joined[-1] if joined else None
        if last and last.end == each.start and (last.account, last.priority) == (each.account, each.priority):
            joined[-1] = replace(each, start=last.start)
        else:
            joined.append(each)
    return joined


STATES = """
SELECT id, created_at, source_version, coalesce(source_updated_at, heard_at), status, priority, account_id, closed_at, heard_at
FROM accounts_ticket WHERE id = ANY(%(tickets)s)
UNION ALL
SELECT state.ticket_id, ticket.created_at, state.source_version, coalesce(state.source_updated_at, state.heard_at), state.status,
    state.priority, state.account_id, state.closed_at, state.heard_at
FROM accounts_ticketstate state JOIN accounts_ticket ticket ON ticket.id = state.ticket_id WHERE state.ticket_id = ANY(%(tickets)s)
ORDER BY 1, 3"""
FORGET = "DELETE FROM accounts_earlierinterval WHERE ticket_id = ANY(%(tickets)s)"
KEEP = "COPY accounts_earlierinterval (ticket_id, tenant_id, account_id, priority, open_from, open_until, closed_known_at) FROM STDIN"
CURRENT = """
UPDATE accounts_ticket ticket SET open_from = new.open_from, closed_known_at = new.closed_known_at
FROM unnest(%(ids)s::bigint[], %(from)s::timestamptz[], %(known)s::timestamptz[]) AS new (id, open_from, closed_known_at)
WHERE ticket.id = new.id AND (ticket.open_from, ticket.closed_known_at) IS DISTINCT FROM (new.open_from, new.closed_known_at)"""


def derive(cursor: CursorWrapper, tenant_id: int) -> int:
    """Brings the stored intervals of the tickets named in `history_ticket` up to their states; answers how many those are.

    In the caller's transaction, which made that table and holds the tickets' rows. Some at a time, so that any number takes bounded
    memory here.
    """
    last, count = 0, 0
    while True:
        cursor.execute("SELECT id FROM history_ticket WHERE id > %s ORDER BY id LIMIT %s", (last, AT_ONCE))
        tickets = [ticket for (ticket,) in cursor.fetchall()]
        if not tickets:
            return count
        derive_some(cursor, tenant_id, tickets)
        last, count = tickets[-1], count + len(tickets)


def derive_some(cursor: CursorWrapper, tenant_id: int, tickets: list[int]) -> None:
    cursor.execute(STATES, {"tickets": tickets})
    earlier: list[tuple[object, ...]] = []
    ids: list[int] = []
    since: list[datetime | None] = []
    known: list[datetime | None] = []
    for ticket, opened_at, states in by_ticket(cursor.fetchall()):
        past, current = split(intervals(opened_at, states), states[-1])
        earlier += [(ticket, tenant_id, each.account, each.priority, each.start, each.end, each.end_known_at) for each in past]
        ids.append(ticket)
        since.append(current.start if current else states[-1].closed_at or states[-1].at)
        known.append(current.end_known_at if current else None)
    cursor.execute(FORGET, {"tickets": tickets})
    with cursor.copy(KEEP) as copy:
        for row in earlier:
            copy.write_row(row)
    cursor.execute(CURRENT, {"ids": ids, "from": since, "known": known})


def by_ticket(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[int, datetime, list[State]]]:
    found: dict[int, tuple[datetime, list[State]]] = {}
    for ticket, opened_at, _version, *state in rows:
        found.setdefault(ticket, (opened_at, []))[1].append(State(*state))  # type: ignore[arg-type]  # as the query has them
    for ticket, (opened_at, states) in found.items():
        yield ticket, opened_at, states


def split(found: list[Interval], last: State) -> tuple[list[Interval], Interval | None]:
    """Those to be kept apart, and the one that the ticket's own row stands for: of its account and priority, up to its closing date."""
    if found and (found[-1].account, found[-1].priority, found[-1].end) == (last.account, last.priority, last.closed_at):
        return found[:-1], found[-1]
    return found, None
