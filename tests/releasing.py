"""Releases and accounts that they matter to."""

from typing import Any

from django.test import Client

from accounts.models import Account, EnvironmentItem, FeatureAdoption, Integration, Tenant, User
from communications import releases
from communications.models import Communication, Release
from tests import make


def release(tenant: Tenant, version: str = "4.19", **values: Any) -> Release:
    return Release.objects.create(
        **{"tenant": tenant, "version": version, "released_on": "2026-11-20", "features": ["Saved views"]} | values
    )


def runs(account: Account, *integrations: str, uses: tuple[str, ...] = (), on: tuple[str, ...] = ()) -> Account:
    """The account with these integrations, features and facts of its environment."""
    Integration.objects.bulk_create(Integration(account=account, name=name) for name in integrations)
    FeatureAdoption.objects.bulk_create(FeatureAdoption(account=account, name=name, adopted=True) for name in uses)
    EnvironmentItem.objects.bulk_create(EnvironmentItem(account=account, name=name) for name in on)
    return account


def customers(tenant: Tenant, owner: User | None, count: int, integration: str = "ERP connector") -> list[Account]:
    accounts = [make.account(tenant, owner) for _ in range(count)]
    Integration.objects.bulk_create(Integration(account=account, name=integration) for account in accounts)
    return accounts


def confirm(row: Release, by: User, **values: Any) -> int:
    return releases.draft_for(row, by, seen_before=releases.seen(row), **values)


def statuses(row: Release) -> list[str]:
    return list(Communication.objects.filter(release=row).order_by("account_id").values_list("status", flat=True))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="tamdash.sign_in.Passwords")
    return client
