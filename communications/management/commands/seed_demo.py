"""Fills a demo tenant. The command lives here because the demo's releases and roadmap are this package's."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from accounts.demo import seeding
from accounts.demo.people import PASSWORD
from accounts.models import Account
from communications.demo import add_releases, skip_this_month


def between(least: int, most: int) -> Callable[[str], int]:
    def number(value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ArgumentTypeError(f"{value} is not a number from {least:,} to {most:,}.")
        return int(value)

    return number


class Command(BaseCommand):
    help = "Fills a demo tenant with a believable portfolio and its past. The same arguments on the same day give the same rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accounts", type=between(1, 1_000_000), default=160)
        parser.add_argument("--days", type=between(1, 400), default=90, help="Days of daily scans, ending yesterday.")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--tenant", default="demo", metavar="SLUG")
        parser.add_argument("--today", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Pretend that today is that date.")

    def handle(self, *_: Any, accounts: int, days: int, seed: int, tenant: str, today: date | None, **_options: Any) -> None:
        if not seeding.allowed():
            raise CommandError(
                "The demo's people share a password that everybody knows, so it exists in demo mode only: set TAMDASH_DEMO=1."
            )
        if Account.objects.filter(tenant__slug=tenant).exists():
            self.stdout.write(f"The tenant {tenant} has accounts already. Nothing was changed.")
            return
        day = today or seeding.today_there()
        try:
            with transaction.atomic():
                made = seeding.seed(tenant, accounts, days, seed, day, bar)
                add_releases(made, day)
                skip_this_month(made, day)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(
            f"{made.slug}: {accounts:,} accounts with {days:,} days of history. Sign in as rep@{made.slug}.test, "
            f"manager@{made.slug}.test or admin@{made.slug}.test, password {PASSWORD}.\n"
            f"Today is not scanned yet: manage.py scan --tenant {made.slug}"
        )


@contextmanager
def bar(what: str, steps: int) -> Iterator[Callable[[int], object]]:
    with tqdm(total=steps, desc=what, file=sys.stderr, disable=None, leave=False) as shown:
        yield shown.update
