"""What a back-test found: two policies' scores over the same days, compared. Pure.

Escalations are simulated by the contract's rules alone: one opens when the score falls under Red's limit or from Green to Amber, at
most one at a time, and it ends when the account is Green. What people resolved or muted is not replayed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import starmap

from pydantic import BaseModel

from accounts.scoring import Policy

NO_SCORE = 255
STATES = ("Green", "Amber", "Red")
GREEN, AMBER, RED, UNKNOWN = 0, 1, 2, 3
MOST_NAMED = 200

Matrix = list[list[int]]  # rows: under the policy in force; columns: under the candidate; both in the order of STATES


@dataclass(frozen=True)
class Day:
    """A replayed day: a byte an account and policy, NO_SCORE where it had none. `compared`, `agreeing`: accounts, with the day's scan."""

    day: date
    is_known: bool
    old: bytes
    new: bytes
    compared: int = 0
    agreeing: int = 0


class DayLine(BaseModel):
    """A day in figures: accounts Green, Amber and Red under each policy."""

    day: date
    is_known: bool
    old: list[int]
    new: list[int]
    compared: int
    agreeing: int


class Differing(BaseModel):
    """An account that the two policies put into different states on the last day."""

    account: int
    old_score: int
    new_score: int
    old_rag: str
    new_rag: str


class Shift(BaseModel):
    """An escalation: when it opens under the policy in force and under the candidate; None where it does not."""

    account: int
    old_day: date | None
    new_day: date | None

    @property
    def days(self) -> int:
        """How many days earlier the candidate opens it; later is negative."""
        return (self.old_day - self.new_day).days if self.old_day and self.new_day else 0

    @property
    def gap(self) -> int:
        return abs(self.days)


class Shifts(BaseModel):
    """All of one kind counted, the first 200 named."""

    count: int = 0
    named: list[Shift] = []


class Report(BaseModel):
    accounts: int
    days: list[DayLine]
    account_days: Matrix
    last_day: date | None
    last_accounts: Matrix
    differing_count: int
    differing: list[Differing]
    gained: Shifts
    lost: Shifts
    earlier: Shifts
    later: Shifts
    same: Shifts


@dataclass(frozen=True)
class Episode:
    """From the day on which it opens to the day on which the account is Green again (None: not by the end)."""

    opens: int
    ends: int | None

    def overlaps(self, other: "Episode") -> bool:
        return (other.ends is None or self.opens < other.ends) and (self.ends is None or other.opens < self.ends)


def compare(accounts: Sequence[int], days: Sequence[Day], old: Policy, new: Policy) -> Report:
    """The days in order, their bytes in the order of `accounts`. Days that are not known are listed and counted nowhere."""
    known = [day for day in days if day.is_known]
    old_states, new_states = states_of(old), states_of(new)
    old_days = [day.old.translate(old_states) for day in known]
    new_days = [day.new.translate(new_states) for day in known]
    matrices = list(starmap(matrix, zip(old_days, new_days, strict=True)))
    counted = iter(matrices)
    differing = differences(accounts, known[-1], old_days[-1], new_days[-1]) if known else []
    shifts = sorted_by_kind(escalations(accounts, [day.day for day in known], b"".join(old_days), b"".join(new_days)))
    return Report(
        accounts=len(accounts),
        days=[line(day, next(counted) if day.is_known else empty()) for day in days],
        account_days=[[sum(each[row][column] for each in matrices) for column in range(3)] for row in range(3)],
        last_day=known[-1].day if known else None,
        last_accounts=matrices[-1] if matrices else empty(),
        differing_count=len(differing),
        differing=differing[:MOST_NAMED],
        **shifts,
    )


def states_of(policy: Policy) -> bytes:
    """A table for `bytes.translate`: a score's state."""
    return bytes(UNKNOWN if score > 100 else STATES.index(policy.rag(score)) for score in range(256))


def empty() -> Matrix:
    return [[0, 0, 0] for _ in STATES]


def matrix(old: bytes, new: bytes) -> Matrix:
    counts = Counter(zip(old, new, strict=True))
    return [[counts[row, column] for column in range(3)] for row in range(3)]


def line(day: Day, counts: Matrix) -> DayLine:
    return DayLine(
        day=day.day,
        is_known=day.is_known,
        old=[sum(row) for row in counts],
        new=[sum(column) for column in zip(*counts, strict=True)],
        compared=day.compared,
        agreeing=day.agreeing,
    )


def differences(accounts: Sequence[int], day: Day, old: bytes, new: bytes) -> list[Differing]:
    """Accounts whose state differs on a day; what became worst first."""
    found = [
        Differing(account=account, old_score=day.old[n], new_score=day.new[n], old_rag=STATES[old[n]], new_rag=STATES[new[n]])
        for n, account in enumerate(accounts)
        if old[n] != new[n] and UNKNOWN not in (old[n], new[n])
    ]
    return sorted(found, key=lambda each: (each.new_score - each.old_score, each.account))


def escalations(accounts: Sequence[int], days: Sequence[date], old: bytes, new: bytes) -> Iterator[Shift]:
    """`old` and `new`: the states of all accounts, day after day."""
    for n, account in enumerate(accounts):
        for before, after in paired(episodes(old[n :: len(accounts)]), episodes(new[n :: len(accounts)])):
            old_day, new_day = (days[each.opens] if each else None for each in (before, after))
            yield Shift(account=account, old_day=old_day, new_day=new_day)


@lru_cache(10_000)
def episodes(states: bytes) -> tuple[Episode, ...]:
    """The escalations of one account, from its states day by day. Most accounts share a course with many others."""
    found: list[Episode] = []
    opened: int | None = None
    before = UNKNOWN
    for day, state in enumerate(states):
        if state == UNKNOWN:
            continue
        if opened is not None and state == GREEN:
            found.append(Episode(opened, day))
            opened = None
        elif opened is None and (state == RED or (before, state) == (GREEN, AMBER)):
            opened = day
        before = state
    return (*found, Episode(opened, None)) if opened is not None else tuple(found)


def paired(old: Sequence[Episode], new: Sequence[Episode]) -> Iterator[tuple[Episode | None, Episode | None]]:
    """Which escalation corresponds to which: those under way on a day in common, the earliest first, each at most once."""
    olds, news = list(old), list(new)
    while olds and news:
        if olds[0].overlaps(news[0]):
            yield olds.pop(0), news.pop(0)
        elif olds[0].opens < news[0].opens:
            yield olds.pop(0), None
        else:
            yield None, news.pop(0)
    yield from ((each, None) for each in olds)
    yield from ((None, each) for each in news)


def sorted_by_kind(shifts: Iterable[Shift]) -> dict[str, Shifts]:
    kinds: dict[str, list[Shift]] = {"gained": [], "lost": [], "earlier": [], "later": [], "same": []}
    for shift in shifts:
        kinds[kind_of(shift)].append(shift)
    return {
        kind: Shifts(
            count=len(found),
            named=sorted(found, key=lambda each: (-each.gap, each.new_day or each.old_day, each.account))[:MOST_NAMED],
        )
        for kind, found in kinds.items()
    }


def kind_of(shift: Shift) -> str:
    if shift.old_day is None:
        return "gained"
    if shift.new_day is None:
        return "lost"
    return "earlier" if shift.days > 0 else "later" if shift.days < 0 else "same"
