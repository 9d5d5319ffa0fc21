"""A file of tickets imported by command, against a bare COPY of the same rows, which are made tickets beforehand."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from django.db import connection, transaction

from accounts import onboarding
from accounts.imports import detecting, staging
from accounts.imports.choices import Choices
from accounts.imports.from_disk import import_file
from accounts.imports.reading import Report, Tickets
from accounts.ingest import TicketRow
from accounts.ingest.rows import values_of
from accounts.models import Tenant
from accounts.sources import mapping_of
from tests import incidents
from tests.bench.measuring import Measurement, Options, in_turns, milliseconds

CHOICES = Choices("servicenow", account_column="location", create_accounts=True)
numbers = count(1)


def measure(options: Options) -> list[Measurement]:
    rows = 2_000 if options.quick else 60_000
    with TemporaryDirectory() as directory:
        path = Path(directory) / "incidents.csv"
        incidents.write(path, rows)
        known = new_tenant()
        import_file(known, path, CHOICES)
        tickets = read(path, known)
        items = {
            "copy": lambda: milliseconds(lambda: copy(tickets)),
            "read": lambda: milliseconds(lambda: read(path, known)),
            "import": lambda: milliseconds(lambda: import_file(new_tenant(), path, CHOICES)),
            "again": lambda: milliseconds(lambda: import_file(known, path, CHOICES)),
        }
        found = in_turns(options.rounds, items)
    each = f"{rows:,} rows of {rows // incidents.ROWS_EACH:,} incidents"
    return [
        Measurement("bare COPY of the rows as tickets", found["copy"], note=each),
        Measurement("reading the file into tickets", found["read"], note=f"{per_second(rows, found['read'])} rows a second"),
        Measurement(
            "importing it", found["import"], note=f"{per_second(rows, found['import'])} rows a second, {ratio(found, 'import')} COPYs"
        ),
        Measurement("importing it again", found["again"], note=f"{ratio(found, 'again')} COPYs"),
    ]


def new_tenant() -> Tenant:
    return onboarding.create_tenant(f"files-{next(numbers)}", "Files")


def read(path: Path, tenant: Tenant) -> list[TicketRow]:
    with path.open("rb") as raw:
        found = detecting.detect(raw, path.stat().st_size, "utf-8", CHOICES)
        words = mapping_of(tenant, "servicenow")
        rows = Tickets(raw, found.choices, found.layout, words, Report("utf-8"))
        return [ticket for _, ticket in rows.step(10**9, 10**12)]


def copy(tickets: list[TicketRow]) -> None:
    """Into the table that an import stages its rows in; taken back at once."""
    staged = uuid4()
    with transaction.atomic():
        with connection.cursor() as cursor, cursor.copy(staging.COPY) as out:
            for number, ticket in enumerate(tickets):
                out.write_row((staged, number, *values_of(ticket)))
        transaction.set_rollback(True)


def per_second(rows: int, values: list[float]) -> str:
    return f"{round(rows / (sorted(values)[len(values) // 2] / 1000), -2):,.0f}"


def ratio(found: dict[str, list[float]], item: str) -> str:
    ratios = sorted(value / bare for value, bare in zip(found[item], found["copy"], strict=True))
    return f"{ratios[len(ratios) // 2]:.1f}"
