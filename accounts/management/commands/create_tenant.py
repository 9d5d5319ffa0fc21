"""Creates a tenant with the default scoring policy."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import onboarding


class Command(BaseCommand):
    help = "Creates a tenant (business unit) with version 1 of the scoring policy in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="Letters, digits and hyphens; stands in addresses and contracts.")
        parser.add_argument("--name", required=True)
        parser.add_argument("--time-zone", default="UTC", metavar="ZONE", help="Such as Europe/Berlin. The daily scan runs at 07:00 there.")

    def handle(self, *_: Any, slug: str, name: str, time_zone: str, **_options: Any) -> None:
        try:
            tenant = onboarding.create_tenant(slug, name, time_zone)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(
            f"Created the tenant {tenant.slug} ({tenant.name}, {tenant.time_zone}).\n"
            f"Next, its first person: manage.py create_user EMAIL --tenant {tenant.slug} --role admin"
        )
