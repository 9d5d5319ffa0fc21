"""Creates a person of a tenant."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts import onboarding
from accounts.models import Tenant, User


class Command(BaseCommand):
    help = "Creates a person of a tenant. At a terminal it asks for the password; otherwise give it by --password-stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--role", required=True, choices=User.Role.values)
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="The password is the first line of standard input.")

    def handle(self, *_: Any, email: str, tenant: str, role: str, name: str, password_stdin: bool, **_options: Any) -> None:
        of = Tenant.objects.filter(slug=tenant).first()
        if of is None:
            raise CommandError(f"There is no tenant “{tenant}”. Create it with: manage.py create_tenant {tenant} --name NAME")
        try:
            password = self.password(password_stdin)
            if password is not None:
                validate_password(password, User(email=email, name=name))
            user = onboarding.create_user(of, email, role, name, password)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"Created {user.email}, {user.get_role_display().lower()} of {of.slug}.")
        if password is None:
            self.stdout.write(f"They have no password yet. Set one with: manage.py changepassword {user.email}")

    def password(self, from_stdin: bool) -> str | None:
        if from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        if not sys.stdin.isatty():
            return None
        password = getpass("Password: ")
        if password != getpass("Password again: "):
            raise CommandError("The two passwords differ. Nobody was created.")
        return password
