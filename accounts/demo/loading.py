"""Writing the demo's rows: COPY, a batch of accounts at a time, so that a million accounts need no more memory than a thousand."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import connection, models
from psycopg import sql

from accounts.demo.calendar import Calendar
from accounts.demo.company import Company
from accounts.demo.profile import profile
from accounts.demo.support import Case, heartbeat_days, routine, troubles
from accounts.demo.words import ROUTINE_SUBJECTS, UNMATCHED_ACCOUNTS
from accounts.models import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Heartbeat,
    HeartbeatDay,
    Integration,
    Stakeholder,
    Tenant,
    Ticket,
    TicketSource,
    User,
)

SOURCE = "jira"
BATCH = 2_000
FIRST_BOOK = 5  # with the default seed the liveliest one, so that rep@demo.test has something to do
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Account: (
        "id",
        "tenant_id",
        "external_id",
        "name",
        "owner_id",
        "tier",
        "region",
        "arr",
        "renewal_date",
        "ping_id",
        "created_at",
    ),
    Stakeholder: ("account_id", "name", "role", "email", "technical_maturity", "notes"),
    Integration: ("account_id", "name", "is_active", "since"),
    FeatureAdoption: ("account_id", "name", "adopted", "source"),
    EnvironmentItem: ("account_id", "name"),
    CoDevOpportunity: ("account_id", "name", "description", "status", "dispatched_to_sales"),
    CommunicationHistory: ("account_id", "date", "communication_type", "subject", "outcome"),
    Heartbeat: ("account_id", "last_at"),
    HeartbeatDay: ("account_id", "day", "first_at", "last_at", "count"),
    Ticket: (
        "tenant_id",
        "account_id",
        "source",
        "account_key",
        "priority",
        "subject",
        "created_at",
        "closed_at",
        "status",
        "source_version",
        "external_id",
    ),
}


@dataclass
class Loader:
    """Turns companies into rows of the tenant. Owners take turns, so that books are of about the same size."""

    tenant: Tenant
    calendar: Calendar
    owners: list[User]
    last_ticket: int = 1000
    rows: dict[type[models.Model], list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))

    def load(self, companies: Iterator[Company], progress: Callable[[int], object]) -> None:
        self.add_unmatched()
        while batch := list(islice(companies, BATCH)):
            for company, account_id in zip(batch, new_ids(Account, len(batch)), strict=True):
                self.add(company, account_id)
            self.number_tickets()
            for model, columns in COLUMNS.items():
                copy(model, columns, self.rows.pop(model, []))
            progress(len(batch))
        TicketSource.objects.create(tenant=self.tenant, source=SOURCE, reported_at=self.calendar.midnight)

    def add(self, company: Company, account_id: int) -> None:
        random, calendar = company.random, self.calendar
        self.rows[Account].append(self.account(company, account_id))
        past = troubles(random, calendar, company.state, company.monitored)
        for case in [*routine(random, calendar, company.tier), *(case for trouble in past for case in trouble.cases(random, calendar))]:
            self.rows[Ticket].append(self.ticket(case, company, account_id))
        if company.monitored:
            silences = [silence for trouble in past if (silence := trouble.silence(random, calendar))]
            self.add_heartbeats(account_id, company, silences)
        for model, values in profile(company, calendar, past):
            self.rows[model].append((account_id, *values))

    def account(self, company: Company, account_id: int) -> tuple[Any, ...]:
        random, calendar = company.random, self.calendar
        return (
            account_id,
            self.tenant.pk,
            company.slug,
            company.name,
            self.owners[(company.number - FIRST_BOOK) % len(self.owners)].pk,
            company.tier,
            company.region(),
            company.arr(),
            company.renewal(calendar.today),
            uuid5(NAMESPACE_URL, f"{self.tenant.slug}/{company.slug}"),
            calendar.ago(calendar.days + random.uniform(60, 900)),
        )

    def ticket(self, case: Case, company: Company, account_id: int) -> tuple[Any, ...]:
        changed_at = case.closed_at or case.opened_at
        if case.closed_at is None:
            status = "pending" if company.random.random() < 0.3 else "open"
        else:
            status = "resolved" if case.closed_at > self.calendar.ago(4) else "closed"
        return (
            self.tenant.pk,
            account_id,
            SOURCE,
            company.slug,
            case.priority,
            case.subject,
            case.opened_at,
            case.closed_at,
            status,
            int(changed_at.timestamp() * 1000),
        )

    def add_heartbeats(self, account_id: int, company: Company, silences: list[tuple[datetime, datetime]]) -> None:
        last_at = None
        for first_at, last_at, count in heartbeat_days(company.random, self.calendar, silences):
            self.rows[HeartbeatDay].append((account_id, first_at.date(), first_at, last_at, count))
        if last_at:
            self.rows[Heartbeat].append((account_id, last_at))

    def add_unmatched(self) -> None:
        """A few tickets whose account somebody has yet to map."""
        for days, key in enumerate(UNMATCHED_ACCOUNTS, 1):
            opened_at = self.calendar.ago(days * 1.7)
            version = int(opened_at.timestamp() * 1000)
            subject = ROUTINE_SUBJECTS[days]
            self.rows[Ticket].append((self.tenant.pk, None, SOURCE, key, 3, subject, opened_at, None, "open", version))

    def number_tickets(self) -> None:
        """Ticket ids in the order of opening, as a ticket system gives them out."""
        opened_at = COLUMNS[Ticket].index("created_at")
        for row in sorted(self.rows.pop(Ticket, []), key=itemgetter(opened_at)):
            self.last_ticket += 1
            self.rows[Ticket].append((*row, f"SUP-{self.last_ticket}"))


def new_ids(model: type[models.Model], count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [model._meta.db_table, count])
        return [number for (number,) in cursor.fetchall()]


def copy(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY of the rows; columns that are not named get the model's own default, where the database has none."""
    unnamed = [f for f in model._meta.concrete_fields if f.column not in columns and not f.primary_key and not f.null]
    others = [f for f in unnamed if f.has_default() or not f.has_db_default()]
    defaults = tuple(f.get_default() for f in others)
    names = sql.SQL(", ").join([sql.Identifier(name) for name in (*columns, *(str(f.column) for f in others))])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(model._meta.db_table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as into:
        for row in rows:
            into.write_row(row + defaults)
