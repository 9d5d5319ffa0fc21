"""Who turned out right about an account that was foretold to turn Red: its history replayed up to the instant foretold.

Pure, like `scoring`. Exact to the microsecond as far as the past is known, which leaves two gaps. Of a day's heartbeats only the
first and the last are: between the two the silence counts from the first, up to a day too long, so that a limit of 24 hours or more is
never passed too early, while one of less may be passed within a day that had more heartbeats in between. And a ticket is known by its
last state only: its priority and account count as if they had always been so, and a ticket that was reopened as never closed.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import zip_longest
from typing import Literal

from accounts.projection import MICROSECOND, reporting_since
from accounts.scoring import URGENT, OpenTicket, Policy, Signals, score

DAY = timedelta(days=1)
MOST_NAMED = 2
UNRECORDED = "A ticket was changed afterwards: its priority, account or dates"


@dataclass(frozen=True)
class TicketSpan:
    """A time in which a ticket was open: since `open_from` (None: since it was opened) until it was resolved or closed (None: it is not)."""

    ticket: OpenTicket
    closed_at: datetime | None = None
    open_from: datetime | None = None

    @property
    def since(self) -> datetime:
        return self.open_from or self.ticket.created_at

    def is_open(self, at: datetime) -> bool:
        return self.since <= at and (self.closed_at is None or self.closed_at > at)


@dataclass(frozen=True)
class Past:
    """What is known of an account over a time: its tickets, and the heartbeats that are known one by one."""

    tickets: tuple[TicketSpan, ...] = ()
    heartbeats: tuple[datetime, ...] = ()

    @cached_property
    def in_order(self) -> list[datetime]:
        return sorted(self.heartbeats)

    def last_heartbeat(self, at: datetime) -> datetime | None:
        count = bisect_right(self.in_order, at)
        return self.in_order[count - 1] if count else None

    def within(self, start: datetime, end: datetime) -> "Past":
        """What of it matters from `start` to `end`."""
        tickets = tuple(s for s in self.tickets if s.since <= end and (s.closed_at is None or s.closed_at > start))
        before = max(0, bisect_right(self.in_order, start) - 1)
        return Past(tickets, tuple(self.in_order[before : bisect_right(self.in_order, end)]))

    def signals(self, at: datetime) -> Signals:
        return Signals(tuple(span.ticket for span in self.tickets if span.is_open(at)), self.last_heartbeat(at))


def is_red(signals: Signals, policy: Policy, at: datetime) -> bool:
    return score(signals, policy, at).rag == "Red"


@dataclass(frozen=True)
class Era:
    """A policy and since when it was in force."""

    since: datetime
    version: int
    policy: Policy


@dataclass(frozen=True)
class Grade:
    """`red_at`: when the account did turn Red, up to the instant foretold; None if it did not."""

    outcome: Literal["came_true", "averted", "overtaken"]
    red_at: datetime | None
    why: str = ""


def grade(
    past: Past, policy: Policy, made_at: datetime, foretold: datetime, changes: Sequence[Era] = (), reporting_within: timedelta = DAY
) -> Grade:
    """How the word given at `made_at`, under `policy`, turned out. `changes`: policies adopted after it, up to the instant foretold.

    came_true: first Red at just that instant. overtaken: Red before it, by what came since, or another policy's numbers decided.
    averted: not Red by then, by what was done since. A heartbeat within `reporting_within` before the word was expected to go on
    (`projection.expected`): that it did averts nothing, and its falling silent is news.
    """
    past = past.within(made_at, foretold)
    missed_since = reporting_since(policy, made_at, reporting_within)
    red_at = first_red(past, [Era(made_at, 0, policy)], foretold)
    if changes:
        really = first_red(past, [Era(made_at, 0, policy), *changes], foretold)
        if really != red_at:
            deciding = [era for era in changes if really is None or era.since <= really][-1]
            return Grade("overtaken", really, f"Version {deciding.version} of the policy")
    if red_at == foretold:
        return Grade("came_true", red_at)
    if red_at is None:
        return Grade("averted", None, what_averted(past, policy, made_at, foretold, missed_since))
    return Grade("overtaken", red_at, what_came(past, policy, made_at, red_at, missed_since))


def first_red(past: Past, eras: Sequence[Era], until: datetime) -> datetime | None:
    """The first instant from the first era's beginning to `until`, included, at which the account was Red."""
    for number, era in enumerate(eras):
        last = number == len(eras) - 1
        end = until if last else min(until, eras[number + 1].since - MICROSECOND)
        for at in sorted({at for at in falls(past, era.policy, era.since, end) if era.since <= at <= end}):
            if is_red(past.signals(at), era.policy, at):
                return at
    return None


def falls(past: Past, policy: Policy, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which the score can fall: a ticket opens or gets late, a silence gets too long. Nothing else takes points."""
    yield start
    late_after = timedelta(days=policy.late_after_days) + MICROSECOND
    for span in past.tickets:
        yield span.since
        if span.ticket.priority <= URGENT and span.is_open(span.ticket.created_at + late_after):
            yield span.ticket.created_at + late_after
    silences = [timedelta(hours=hours) + MICROSECOND for hours in (policy.silent_after_hours, policy.very_silent_after_hours)]
    for heartbeat, following in zip_longest(past.in_order, past.in_order[1:], fillvalue=end + MICROSECOND):
        yield from (heartbeat + lasts for lasts in silences if heartbeat + lasts < following)


def what_came(past: Past, policy: Policy, made_at: datetime, red_at: datetime, missed_since: datetime) -> str:
    """What came since without which the account would not have been Red; all tickets opened if no single thing decided."""
    came = [span for span in past.tickets if made_at < span.since <= red_at and span.is_open(red_at)]
    then = past.signals(red_at)
    deciding = [
        span
        for span in came
        if not is_red(Signals(tuple(t for t in then.tickets if t is not span.ticket), then.last_heartbeat), policy, red_at)
    ]
    fell_silent = (
        then.last_heartbeat is not None and then.last_heartbeat > missed_since and not is_red(Signals(then.tickets), policy, red_at)
    )
    named = listed(deciding or ([] if fell_silent else came))
    if fell_silent:
        return f"{named} opened, heartbeat fell silent" if named else "Heartbeat fell silent"
    return f"{named} opened" if named else UNRECORDED


def what_averted(past: Past, policy: Policy, made_at: datetime, foretold: datetime, missed_since: datetime) -> str:
    """What was done since and kept the account from Red; all that was done if no single thing decided."""
    done = [span for span in past.tickets if span.is_open(made_at) and not span.is_open(foretold)]
    then, last = past.signals(foretold), past.last_heartbeat(made_at)
    deciding = [span for span in done if is_red(Signals((*then.tickets, span.ticket), then.last_heartbeat), policy, foretold)]
    silent = score(Signals(then.tickets, last), policy, foretold)
    is_back = last is not None and last <= missed_since and last != then.last_heartbeat
    back_decides = is_back and silent.rag == "Red"
    if not deciding and not back_decides:
        deciding, back_decides = done, is_back and silent.silence_points > 0
    named = listed(deciding)
    if back_decides:
        return f"{named} resolved, heartbeat back" if named else "Heartbeat back"
    return f"{named} resolved" if named else UNRECORDED


def listed(spans: Sequence[TicketSpan]) -> str:
    """“JIRA-7”, “JIRA-7 and JIRA-8”, “JIRA-7, JIRA-8 and 3 more”: in the order of opening."""
    names = [span.ticket.ticket_id for span in sorted(spans, key=lambda span: (span.ticket.created_at, span.ticket.ticket_id))]
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return " and ".join(names)
