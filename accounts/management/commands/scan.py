"""Scans now, through the code of the daily scan, or tells what the scores were at an instant."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from accounts import scan
from accounts.models import Account, ScanRun, Tenant


def instant(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"“{value}” is not an instant. Write it like 2026-11-22T07:00Z; without a zone it is UTC.") from None


class Command(BaseCommand):
    help = "Scans a tenant, one account of it, or all tenants. With --at it writes nothing and tells the scores of that instant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="Without it: every tenant.")
        parser.add_argument("--account", metavar="ID", help="One account, by its account id; needs --tenant.")
        parser.add_argument("--at", type=instant, metavar="INSTANT", help="What the scores were then. ISO 8601, UTC if it names no zone.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line and tenant.")

    def handle(self, *_: Any, tenant: str | None, account: str | None, at: datetime | None, **options: Any) -> None:
        if account and not tenant:
            raise CommandError("Say whose account it is: --tenant SLUG.")
        tenants = Tenant.objects.order_by("slug")
        if tenant:
            tenants = tenants.filter(slug=tenant)
        if tenant and not tenants:
            raise CommandError(f"There is no tenant “{tenant}”.")
        failed = []
        for of in tenants:
            only = find_account(of, account) if account else None
            try:
                found = scores(of, at, only) if at else result(scan.scan_account(only) if only else scan.scan_tenant(of))
            except DatabaseError as error:
                failed.append(f"{of.slug}: {error}")
                continue
            self.stdout.write(json.dumps(found, ensure_ascii=False) if options["json"] else "\n".join(in_words(found)))
        if failed:
            raise CommandError("Not scanned, nothing of them was written: " + "; ".join(failed))


def find_account(tenant: Tenant, external_id: str) -> Account:
    found: Account | None = Account.objects.active().filter(tenant=tenant, external_id=external_id).first()
    if found is None:
        raise CommandError(f"{tenant.slug} has no active account “{external_id}”.")
    return found


def scores(tenant: Tenant, at: datetime, account: Account | None) -> dict[str, Any]:
    found = list(scan.scores_at(tenant, at, account=account))
    states = Counter(score.rag for score in found)
    return {
        **summary(tenant, at, len(found), states["Red"], states["Amber"], states["Green"]),
        "scores": {score.account_id: score.score for score in found},
    }


def result(run: ScanRun) -> dict[str, Any]:
    return {
        **summary(run.tenant, run.at, run.accounts, run.red, run.amber, run.green),
        "escalations_opened": run.escalations_opened,
        "escalations_recovered": run.escalations_recovered,
        "scan": run.pk,
    }


def summary(tenant: Tenant, at: datetime, accounts: int, red: int, amber: int, green: int) -> dict[str, Any]:
    at_utc = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"tenant": tenant.slug, "at": at_utc, "accounts": accounts, "red": red, "amber": amber, "green": green}


def in_words(found: dict[str, Any]) -> Iterable[str]:
    yield f"{found['tenant']} at {found['at']}: {found['accounts']:,} accounts"
    yield f"  Red {found['red']:,}   Amber {found['amber']:,}   Green {found['green']:,}"
    if "scan" in found:
        yield f"  {found['escalations_opened']:,} escalations opened, {found['escalations_recovered']:,} recovered"
    scores: dict[str, int] = found.get("scores", {})
    for account_id, score in sorted(scores.items(), key=lambda item: (item[1], item[0])):
        yield f"  {score:>3}  {account_id}"
