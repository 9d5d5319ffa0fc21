"""Imports a file of tickets as Jira, Zendesk and ServiceNow export them."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import Tenant
from accounts.sources import FORMATS
from accounts.ticket_files import Report, UnreadableFile, import_file


class Command(BaseCommand):
    help = "Imports a CSV file of tickets. Importing the same file again changes nothing; exits with 1 if a row was refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--account-column", default="", metavar="COLUMN", help="The column that names the account.")
        parser.add_argument("--create-accounts", action="store_true", help="Creates accounts that are not known yet.")
        parser.add_argument("--json", action="store_true", help="The report as JSON.")

    def handle(self, *_: Any, file: Path, tenant: str, format: str, **options: Any) -> None:
        try:
            of = Tenant.objects.get(slug=tenant)
            size = file.stat().st_size
        except Tenant.DoesNotExist as error:
            raise CommandError(f"There is no tenant “{tenant}”. Create it with: manage.py create_tenant {tenant} --name NAME") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        try:
            with tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=None, leave=False) as bar:
                report = import_file(
                    of,
                    file,
                    FORMATS[format],
                    account_column=options["account_column"],
                    create_accounts=options["create_accounts"],
                    progress=lambda position: bar.update(position - bar.n),
                )
        except UnreadableFile as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(asdict(report), ensure_ascii=False, indent=2) if options["json"] else in_words(report))
        if report.refused_count:
            raise CommandError("Some rows were refused; the report names them. The others are imported.")


def in_words(report: Report) -> str:
    lines = [
        f"{report.rows_read:,} rows read ({report.encoding})",
        f"{report.tickets_written:,} tickets written, {report.unchanged:,} unchanged",
        f"{report.unmatched:,} of them unmatched: their account is not known",
        f"{report.accounts_created:,} accounts created",
        f"{report.refused_count:,} rows refused",
        *(f"  line {refusal.line}: {refusal.reason}" for refusal in report.refused),
    ]
    if report.refused_count > len(report.refused):
        lines.append(f"  and {report.refused_count - len(report.refused):,} more")
    return "\n".join(lines)
