"""Who the demo's accounts are: names nobody bears, sizes as in a real book, and a state to be in today."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from random import Random

from accounts.demo.words import BRANCHES, ENDINGS, INDUSTRIES, ROOTS

TIERS = {"strategic": 6, "enterprise": 16, "growth": 30, "core": 48}  # shares in percent
MEDIAN_ARR = {"strategic": 1_200_000, "enterprise": 420_000, "growth": 150_000, "core": 42_000}
REGIONS = {"EMEA": 58, "AMER": 29, "APAC": 13}
STATES = ("Red",) * 2 + ("Amber",) * 3 + ("Green",) * 15  # today's, of every twenty accounts
MONITORED = 0.87
NAMES = len(ROOTS) * len(ENDINGS) * len(INDUSTRIES)
STEP = 7_919  # shares no factor with NAMES, so that it visits them all, and neighbours are not called alike


@dataclass(frozen=True)
class Company:
    """An account to be. All that is left to chance about it comes out of its own `random`, however many others there are."""

    number: int
    name: str
    tier: str
    state: str
    monitored: bool
    random: Random

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")

    def region(self) -> str:
        return self.random.choices(list(REGIONS), list(REGIONS.values()))[0]

    def arr(self) -> int:
        return round(self.random.lognormvariate(log(MEDIAN_ARR[self.tier]), 0.45) / 1000) * 1000

    def renewal(self, today: date) -> date:
        """Within a year and a half, more often at the end of a quarter."""
        day = today + timedelta(days=self.random.randint(5, 540))
        if self.random.random() < 0.4:
            quarter = (day.month - 1) // 3 + 1
            return date(day.year + quarter // 4, quarter % 4 * 3 + 1, 1) - timedelta(days=1)
        return day


def dice(*words: object) -> Random:
    """The same words throw the same numbers."""
    return Random(" ".join(map(str, words)))  # noqa: S311 (nothing here is secret)


def companies(seed: int, count: int) -> Iterator[Company]:
    first = dice("names", seed).randrange(NAMES)
    states: list[str] = []
    for number in range(count):
        if not states:
            states = list(STATES)
            dice("states", seed, number).shuffle(states)
        random = dice("account", seed, number)
        (tier,) = random.choices(list(TIERS), list(TIERS.values()))
        yield Company(number, name(first, number), tier, states.pop(), random.random() < MONITORED, random)


def name(first: int, number: int) -> str:
    """A name of two words, each only once; a third tells later rounds apart."""
    turn, place = divmod(number, NAMES)
    place = (first + place * STEP) % NAMES
    place, industry = divmod(place, len(INDUSTRIES))
    root, ending = divmod(place, len(ENDINGS))
    words = [ROOTS[root] + ENDINGS[ending], INDUSTRIES[industry]]
    return " ".join(words + ([BRANCHES[turn - 1]] if turn else []))
