"""An account's life in signals: routine tickets, times of trouble with their late tickets and silences, and heartbeats."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import log
from random import Random

from accounts.demo.calendar import Calendar
from accounts.demo.words import ROUTINE_SUBJECTS, URGENT_SUBJECTS

TICKETS_A_WEEK = {"strategic": 3.0, "enterprise": 1.8, "growth": 1.0, "core": 0.6}
PRIORITIES = ((1, 2, 3, 4), (4, 18, 68, 100))  # cumulative percent
MEDIAN_HOURS = {1: 10, 2: 30, 3: 90, 4: 160}  # to resolve; log-normal around it
SPREAD = 0.8
SLIGHT = 0.35  # of the Green accounts, how many have something that costs them points
FRESH = 0.25  # of those in trouble, how many got there between yesterday's scan and today's
LOOMING = 0.25  # of those in trouble, how many have an urgent ticket that is not late yet


@dataclass(frozen=True)
class Case:
    """A ticket. `closed_at` is empty while it is open."""

    priority: int
    subject: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Recipe:
    """What pulls a score down: tickets that get late, others that pile up, and hours of silence (0: none)."""

    late: int
    others: tuple[int, int]
    silent_hours: tuple[int, int] = (0, 0)


# By the default policy each of these ends in the state it is listed under.
RECIPES: dict[str, tuple[Recipe, ...]] = {
    "Red": (
        Recipe(3, (4, 7)),
        Recipe(4, (2, 5)),
        Recipe(2, (10, 12)),
        Recipe(3, (1, 3), (80, 140)),
        Recipe(2, (2, 4), (160, 400)),
    ),
    "Green": (Recipe(1, (0, 2)), Recipe(0, (6, 8)), Recipe(0, (5, 6)), Recipe(0, (0, 1), (80, 140))),
    "Amber": (
        Recipe(2, (1, 2)),
        Recipe(2, (4, 4)),
        Recipe(1, (8, 9)),
        Recipe(1, (1, 2), (80, 140)),
        Recipe(1, (1, 2), (160, 300)),
        Recipe(0, (6, 7), (160, 300)),
    ),
}


@dataclass(frozen=True)
class Trouble:
    """A time in which something costs the account points. No `end`: it still does."""

    recipe: Recipe
    start: datetime
    end: datetime | None
    is_fresh: bool = False

    def silence(self, random: Random, calendar: Calendar) -> tuple[datetime, datetime] | None:
        """From its last heartbeat to the first one after."""
        if not self.recipe.silent_hours[1]:
            return None
        lasts = timedelta(hours=random.uniform(*self.recipe.silent_hours))
        end = self.end or calendar.midnight
        return max(end - lasts, self.start - timedelta(days=2)), end

    def cases(self, random: Random, calendar: Calendar) -> Iterator[Case]:
        end = self.end or calendar.midnight
        for number in range(self.recipe.late):
            opened_at = self.start + timedelta(days=random.uniform(0, 2.2) if number else 0)
            if self.is_fresh and number == self.recipe.late - 1:
                # Three days old between the two scans.
                opened_at = calendar.ago(random.uniform(3.05, 3.65))
            closed_at = self.end and self.end - timedelta(days=random.uniform(0, 2.0) if number else 0)
            yield Case(random.choice((1, 2)), random.choice(URGENT_SUBJECTS), opened_at, closed_at)
        for _ in range(random.randint(*self.recipe.others)):
            opened_at = self.start + (end - self.start) * random.uniform(-0.2, 0.45)
            closed_at = self.end and self.end - timedelta(days=random.uniform(0, 1.5))
            yield Case(random.choice((3, 3, 4)), random.choice(ROUTINE_SUBJECTS), opened_at, closed_at)
        if not self.end and random.random() < LOOMING:
            # Not late yet: this is what the projection sees coming.
            opened_at = calendar.ago(random.uniform(0.2, 2.3))
            yield Case(random.choice((1, 2)), random.choice(URGENT_SUBJECTS), opened_at, None)


def troubles(random: Random, calendar: Calendar, now: str, monitored: bool) -> list[Trouble]:
    """The account's times of trouble, latest first. Most accounts are calm; who is in trouble now tends to have been before."""
    found = []
    if now != "Green" or random.random() < SLIGHT:
        recipe = pick(random, now, monitored)
        longest_silence = recipe.silent_hours[1] / 24
        start = calendar.ago(max(5.3, longest_silence * 0.75) + min(random.expovariate(1 / 8), 20))
        found.append(Trouble(recipe, start, None, random.random() < FRESH))
        before = start - timedelta(days=random.uniform(6, 25))
    elif random.random() < 0.25:
        before = calendar.ago(0.1 + random.expovariate(1 / 7))
    else:
        before = calendar.ago(random.uniform(0, 3.5 * max(calendar.days, 60)))
    first = calendar.start_of(calendar.first_day)
    while before > first:
        state = random.choices(("Red", "Amber", "Green"), (3, 4, 3))[0]
        start = before - timedelta(days=random.uniform(9, 22))
        found.append(Trouble(pick(random, state, monitored), start, before))
        before = start - timedelta(days=random.uniform(10, 40))
    return found


def pick(random: Random, state: str, monitored: bool) -> Recipe:
    return random.choice([recipe for recipe in RECIPES[state] if monitored or not recipe.silent_hours[1]])


def routine(random: Random, calendar: Calendar, tier: str) -> Iterator[Case]:
    """The tickets of normal weeks."""
    expected = TICKETS_A_WEEK[tier] * len(calendar.ticket_days) / 7
    for opened_at in calendar.working_moments(random, max(0, round(random.gauss(expected, expected**0.5)))):
        (priority,) = random.choices(PRIORITIES[0], cum_weights=PRIORITIES[1])
        hours = random.lognormvariate(log(MEDIAN_HOURS[priority]), SPREAD)
        closed_at = opened_at + timedelta(seconds=int(hours * 3600))
        subject = random.choice(URGENT_SUBJECTS if priority <= 2 else ROUTINE_SUBJECTS)
        yield Case(priority, subject, opened_at, closed_at if closed_at < calendar.midnight else None)


def heartbeat_days(
    random: Random, calendar: Calendar, silences: list[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime, int]]:
    """First, last and number of the heartbeats of each UTC day since the day before the first scan."""
    day = datetime.combine(calendar.first_day - timedelta(days=1), time(), UTC)
    while day < calendar.midnight:
        first, last = day + timedelta(minutes=random.uniform(0, 15)), day + timedelta(minutes=random.uniform(1425, 1439))
        last = min(last, calendar.midnight)
        for start, end in silences:
            if start <= first < end:
                first = end
            if start < last <= end:
                last = start
        if first <= last:
            yield first, last, 1 + int((last - first).total_seconds() // 900)
        day += timedelta(days=1)
