"""The relationship profile of a demo account: people, integrations, features, environment, opportunities, past messages."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from django.db.models import Model

from accounts.demo import words
from accounts.demo.calendar import RELEASES_DAYS_AGO, Calendar
from accounts.demo.company import Company
from accounts.demo.support import Trouble
from accounts.models import CoDevOpportunity, CommunicationHistory, EnvironmentItem, FeatureAdoption, Integration, Stakeholder

Row = tuple[type[Model], tuple[Any, ...]]  # the values in the order of `loading.COLUMNS`, without the account

PEOPLE = {"strategic": (3, 6), "enterprise": (2, 5), "growth": (1, 4), "core": (1, 3)}
INTEGRATIONS = {"strategic": (3, 7), "enterprise": (2, 6), "growth": (1, 4), "core": (1, 3)}
ADOPTION = {"strategic": 0.65, "enterprise": 0.55, "growth": 0.4, "core": 0.25}
CHECK_IN_DAYS = {"strategic": 30, "enterprise": 30, "growth": 60, "core": 90}
REMEMBERED = 180  # days of past messages


def profile(company: Company, calendar: Calendar, troubles: list[Trouble]) -> Iterator[Row]:
    yield from people(company)
    yield from technology(company, calendar.today)
    yield from messages(company, calendar, troubles)
    if company.tier in ("strategic", "enterprise") and company.random.random() < 0.3:
        yield opportunity(company.random)


def people(company: Company) -> Iterator[Row]:
    random, count = company.random, company.random.randint(*PEOPLE[company.tier])
    first_names, roles = random.sample(words.FIRST_NAMES, count), random.sample(words.ROLES[1:], count - 1)
    for first_name, (role, maturity) in zip(first_names, [words.ROLES[0], *roles], strict=True):
        last_name = random.choice(words.LAST_NAMES)
        email = f"{first_name}.{last_name}".lower().replace("ö", "o") + f"@{company.slug}.example"
        yield Stakeholder, (f"{first_name} {last_name}", role, email, maturity, random.choice(words.STAKEHOLDER_NOTES))


def technology(company: Company, today: date) -> Iterator[Row]:
    random = company.random
    for integration in random.sample(words.INTEGRATIONS, random.randint(*INTEGRATIONS[company.tier])):
        since = today - timedelta(days=random.randint(20, 1400)) if random.random() < 0.8 else None
        yield Integration, (integration, random.random() < 0.93, since)
    for feature in random.sample(words.FEATURES, random.randint(4, len(words.FEATURES))):
        source = random.choice(("heartbeat", "heartbeat", "ticket", "manual") if company.monitored else ("ticket", "manual"))
        yield FeatureAdoption, (feature, random.random() < ADOPTION[company.tier], source)
    for choices in random.sample(words.ENVIRONMENT, random.randint(2, 5)):
        yield EnvironmentItem, (random.choice(choices),)


def messages(company: Company, calendar: Calendar, troubles: list[Trouble]) -> Iterator[Row]:
    """Check-ins at the tier's rhythm, notes of releases, reviews for the large, and outreach when things went wrong."""
    random, every = company.random, CHECK_IN_DAYS[company.tier]
    for ago in range(random.randint(2, every), REMEMBERED, every):
        yield message(random, calendar, ago, "health_checkin", words.CHECK_INS)
    for ago in RELEASES_DAYS_AGO:
        if random.random() < 0.3 and ago > 7:
            yield message(random, calendar, ago - 2, "release_notes", words.RELEASE_NOTES)
    if every == 30:
        yield message(random, calendar, random.randint(10, 100), "customer_success_review", words.REVIEWS)
    for trouble in troubles:
        ago = (calendar.midnight - trouble.start).days - 5
        if ago > 0 and random.random() < 0.7:
            yield message(random, calendar, ago, "escalation_outreach", words.OUTREACH)


def message(random: Random, calendar: Calendar, ago: int, kind: str, choices: tuple[tuple[str, str], ...]) -> Row:
    subject, outcome = random.choice(choices)
    return CommunicationHistory, (calendar.today - timedelta(days=ago), kind, subject, outcome)


def opportunity(random: Random) -> Row:
    name, description = random.choice(words.OPPORTUNITIES)
    status = random.choice(("surfaced", "surfaced", "discussed", "in_progress", "closed"))
    return CoDevOpportunity, (name, description, status, status != "surfaced" and random.random() < 0.5)
