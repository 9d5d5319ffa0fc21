"""Everything the demo needs in its database, in one process: to begin one takes longer than what there mostly is to do."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Tenant


class Command(BaseCommand):
    help = "Brings the database up to date, fills the demo tenant unless it is there, and scans it."
    requires_system_checks = []

    def handle(self, *_: Any, **_options: Any) -> None:
        if is_behind():
            call_command("migrate", interactive=False)
        if not Tenant.objects.filter(slug="demo").exists():
            call_command("seed_demo")
        call_command("scan", tenant="demo")


def is_behind() -> bool:
    """Whether a migration was not applied so far. To ask `migrate` itself takes longer than a scan."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
