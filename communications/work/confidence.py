"""How far an answer can be relied on. One rule for both contracts: TAMResult says it in a word, TAMHandoffResponse as a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

CERTAIN = 0.95  # nothing is beyond doubt
LEAST = 0.1
OLD_HOURS = 26.0  # the daily scan, and two hours of grace

Level = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on. The defaults are what takes nothing off."""

    has_failed: bool = False
    is_scanned: bool = True
    has_sources: bool = True  # a ticket system in use, or a heartbeat
    is_stale: bool = False
    may_be_other: bool = False  # with the stale source's news the account could be in another state
    scan_age_hours: float = 0.0
    is_under_way: bool = False
    by_offline_composer: bool = False
    open_flags: int = 0


def confidence(given: Evidence) -> float:
    """0.95, less what each doubt takes; at least 0.1, which is also what a failure leaves.

    | doubt                                                             | takes |
    | ----------------------------------------------------------------- | ----- |
    | the account was never scanned                                     | 0.5   |
    | no ticket system in use and no heartbeat ever: nothing is known   | 0.5   |
    | a source is stale, and the account could be in another state      | 0.5   |
    | a source is stale, and the state is the same whatever it says      | 0.2   |
    | the last scan is older than 26 hours                              | 0.2   |
    | the text is still to be written                                   | 0.2   |
    | the offline composer wrote the text                               | 0.2   |
    | the text has claims without a source that nobody vouched for      | 0.3   |
    | the task failed                                                   | all   |
    """
    if given.has_failed:
        return LEAST
    return round(max(CERTAIN - sum(doubts(given)), LEAST), 2)


def doubts(given: Evidence) -> Iterator[float]:
    """What each takes, in the order of the table."""
    if not given.is_scanned:
        yield 0.5
    if not given.has_sources:
        yield 0.5
    if given.is_stale:
        yield 0.5 if given.may_be_other else 0.2
    if given.is_scanned and given.scan_age_hours > OLD_HOURS:
        yield 0.2
    if given.is_under_way:
        yield 0.2
    if given.by_offline_composer:
        yield 0.2
    if given.open_flags:
        yield 0.3


def level(value: float) -> Level:
    """high from 0.8 on, medium from 0.5 on, else low: one small doubt makes medium, a grave one or two small and a middling low."""
    return "high" if value >= 0.8 else "medium" if value >= 0.5 else "low"
