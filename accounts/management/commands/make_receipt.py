"""Prints the receipt of one stored score."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import recorded
from accounts.models import Account, HealthSnapshot, Tenant

LARGEST_ID = 2**63 - 1


class Command(BaseCommand):
    help = "Prints, as JSON, all that a stored score was made of. Exits with 1 if today's records no longer lead to that score."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT", help="SCAN:ACCOUNT, both as numbers; with --tenant, ACCOUNT is its account id.")
        parser.add_argument("--tenant", metavar="SLUG", help="Whose account it is, when it is named by its account id.")

    def handle(self, *_: Any, snapshot: str, tenant: str | None, **options: Any) -> None:
        found = find(snapshot, tenant)
        try:
            receipt = recorded.receipt(found, found.account)
        except recorded.NotRebuilt as error:
            raise CommandError(f"No receipt for {snapshot}. {error}") from error
        self.stdout.write(receipt.text(), ending="")


def find(name: str, tenant: str | None) -> HealthSnapshot:
    scan, _, account = name.partition(":")
    if not is_id(scan) or not account or not (tenant or is_id(account)):
        raise CommandError(f"“{name}” is not a snapshot. Write it like 12:345 (scan and account), or 12:ACCOUNT-ID with --tenant SLUG.")
    accounts = Account.objects.select_related("tenant")
    if tenant:
        if not Tenant.objects.filter(slug=tenant).exists():
            raise CommandError(f"There is no tenant “{tenant}”.")
        of = accounts.filter(tenant__slug=tenant, external_id=account).first()
    else:
        of = accounts.filter(pk=int(account)).first()
    found: HealthSnapshot | None = recorded.snapshots(of).filter(scan_id=int(scan)).first() if of else None
    if of is None or found is None:
        raise CommandError(f"There is no account “{account}”." if of is None else f"Scan {scan} did not cover account “{account}”.")
    found.account = of
    return found


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID
