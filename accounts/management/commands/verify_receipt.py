"""Computes a receipt again, from what it says alone: no database is asked."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import receipts


class Command(BaseCommand):
    help = "Checks that the score, the state and every deduction of a receipt follow from its inputs. Exits with 1 if not, and says where."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A receipt's JSON; - reads standard input.")

    def handle(self, *_: Any, file: str, **options: Any) -> None:
        try:
            receipt, wrong = receipts.check(content(file))
        except receipts.InvalidReceipt as error:
            raise CommandError(f"Not a receipt. {error}") from error
        if wrong:
            more = [f"and {len(wrong) - receipts.MOST_NAMED} more"] if len(wrong) > receipts.MOST_NAMED else []
            raise CommandError("The receipt does not hold:\n" + "\n".join(f"  {line}" for line in [*wrong[: receipts.MOST_NAMED], *more]))
        result = receipt.result
        account = receipts.shown(receipt.account_id)
        self.stdout.write(
            f"The receipt holds: {account} scored {result.score}, {result.rag_status}, at {receipt.at:%Y-%m-%d %H:%M:%S} UTC."
        )


def content(file: str) -> bytes:
    """Up to one byte more than a receipt may have, so that an endless file ends."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(receipts.LARGEST + 1)
        with Path(file).open("rb") as stream:
            return stream.read(receipts.LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{receipts.shown(file)} cannot be read: {error.strerror or error}.") from error
