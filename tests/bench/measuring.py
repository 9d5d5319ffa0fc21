"""Measuring side by side: on a shared machine only the ratio of two things measured in turns means anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Options:
    """What the command line chose."""

    quick: bool = False  # small sizes: shows that everything runs, says nothing about speed
    million: bool = False
    rounds: int = 9


@dataclass(frozen=True)
class Target:
    """What the item's ratio to its yardstick should be; without a yardstick, the item's own value."""

    bound: float
    against: Sequence[float] = ()  # the yardstick, round by round
    name: str = ""
    at_least: bool = False  # the yardstick's multiple of the item, rather than the item's of the yardstick

    def reached(self, values: Sequence[float]) -> float:
        """The median over rounds of what is bounded."""
        if not self.against:
            return median(values)
        pairs = list(zip(values, self.against, strict=True))
        return median(yard / value if self.at_least else value / yard for value, yard in pairs)

    def met(self, values: Sequence[float]) -> bool:
        found = self.reached(values)
        return found >= self.bound if self.at_least else found <= self.bound


@dataclass(frozen=True)
class Measurement:
    """One item, round by round."""

    name: str
    values: Sequence[float]
    unit: str = "ms"
    note: str = ""
    targets: Sequence[Target] = ()


def milliseconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


def in_turns(rounds: int, items: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each item once a round, starting with another one each time."""
    values: dict[str, list[float]] = {name: [] for name in items}
    order = list(items)
    for number in range(rounds):
        first = number % len(order)
        for name in order[first:] + order[:first]:
            values[name].append(items[name]())
    return values


def added(*series: Sequence[float]) -> list[float]:
    return [sum(each) for each in zip(*series, strict=True)]
