"""Creates a bearer token of the API."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import api_tokens
from accounts.models import Tenant
from accounts.models.api import Scope


class Command(BaseCommand):
    help = "Creates a token of the API and prints it: nobody can read it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="TENANT")
        parser.add_argument("--name", required=True, help="Which software calls with it.")
        parser.add_argument("--scope", required=True, action="append", choices=Scope.values, help="What it may do; several times for more.")
        parser.add_argument("--days", type=int, help="How long it is good for. Without: until it is revoked.")

    def handle(self, *_: Any, tenant: str, name: str, scope: list[str], days: int | None, **_options: Any) -> None:
        of = Tenant.objects.filter(slug=tenant).first()
        if of is None:
            raise CommandError(f"There is no tenant “{tenant}”. Create it with: manage.py create_tenant {tenant} --name NAME")
        if days is not None and not 0 < days <= 3660:
            raise CommandError(f"--days is {days}: it must be from 1 to 3660.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        try:
            token, text = api_tokens.issue(of, name, scope, expires_at)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "until it is revoked"
        self.stderr.write(f"{token} of {of.slug} may {', '.join(token.scopes)}, {until}. It is not shown again.")
        self.stdout.write(text)
