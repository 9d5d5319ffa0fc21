"""Imports a file of tickets as Jira, Zendesk and ServiceNow export them."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.imports.choices import DELIMITERS, ENCODINGS, Choices
from accounts.imports.from_disk import import_file
from accounts.imports.layout import UnreadableFile
from accounts.imports.reading import Report
from accounts.models import Tenant
from accounts.models.people import time_zones
from accounts.sources import FORMATS
from accounts.sources.dates import ORDERS

NAMED = {name: mark for mark, name in DELIMITERS.items()}


class Command(BaseCommand):
    help = (
        "Imports a CSV file of tickets. Importing the same file again changes nothing, and goes on where an import of it was cut off. "
        "Exits with 1 if a row was refused. How the file is to be read is found by looking at it, unless it is said."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--account-column", default="", metavar="COLUMN", help="The column that names the account.")
        parser.add_argument("--create-accounts", action="store_true", help="Creates accounts that are not known yet.")
        parser.add_argument(
            "--delimiter", default="", type=delimiter, metavar="MARK", help=f"One of {' '.join(NAMED)}, or the mark itself."
        )
        parser.add_argument("--encoding", default="", choices=ENCODINGS)
        parser.add_argument("--date-order", default="", choices=ORDERS, help="How dates in numbers are to be read: 03/04/2026.")
        parser.add_argument(
            "--time-zone", default="", choices=time_zones(), metavar="Z", help="Of dates that name none. Else they are UTC."
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            type=column,
            metavar="VALUE=HEADING",
            help="The heading of a value, such as “resolved=Date of solution” or “label=Tags”; without a heading the file has none. Repeatable.",
        )
        parser.add_argument("--json", action="store_true", help="The report as JSON.")

    def handle(self, *_: Any, file: Path, tenant: str, **options: Any) -> None:
        try:
            of = Tenant.objects.get(slug=tenant)
            size = file.stat().st_size
        except Tenant.DoesNotExist as error:
            raise CommandError(f"There is no tenant “{tenant}”. Create it with: manage.py create_tenant {tenant} --name NAME") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        asked = ("format", "delimiter", "encoding", "date_order", "time_zone", "account_column", "create_accounts")
        choices = Choices(**{name: options[name] for name in asked}, columns=dict(options["column"]))
        try:
            with tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=None, leave=False) as bar:
                report = import_file(of, file, choices, progress=lambda position: bar.update(position - bar.n), say=self.stderr.write)
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if options["json"] else in_words(report))
        if report.refused_count:
            raise CommandError("Some rows were refused; the report names them. The others are imported.")


def delimiter(word: str) -> str:
    mark = NAMED.get(word, word)
    if mark and mark not in DELIMITERS:  # argparse puts the default through it as well
        raise ArgumentTypeError(f"“{word}” is none of {', '.join(NAMED)}")
    return mark


def column(pair: str) -> tuple[str, str]:
    name, equals, heading = pair.partition("=")
    if not equals:
        raise ArgumentTypeError(f"“{pair}” is not of the form VALUE=HEADING")
    return name.strip(), heading.strip()


def in_words(report: Report) -> str:
    read_as = f"{report.encoding}, {DELIMITERS[report.delimiter]}, {ORDERS[report.date_order]}"
    lines = [
        f"{report.rows_read:,} rows read ({read_as})",
        f"{report.tickets_written:,} tickets written, {report.unchanged:,} unchanged",
        f"{report.unmatched:,} of them unmatched: their account is not known",
        f"{report.accounts_created:,} accounts created",
        f"{report.refused_count:,} rows refused",
        *(f"  line {refusal.line}: {refusal.reason}" for refusal in report.refused),
    ]
    if report.refused_count > len(report.refused):
        lines.append(f"  and {report.refused_count - len(report.refused):,} more")
    return "\n".join(lines)
