"""Running a command as an operator does: what it said, and whether it failed."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from accounts.models import Tenant


@dataclass(frozen=True)
class Ran:
    output: str
    error: str  # empty: it succeeded

    @property
    def json(self) -> Any:
        return json.loads(self.output)

    @property
    def refused(self) -> list[tuple[int, str]]:
        """An import's refused rows: line and reason."""
        return [(row["line"], row["reason"]) for row in self.json["refused"]]


def run(name: str, *arguments: str) -> Ran:
    output = StringIO()
    try:
        call_command(name, *arguments, stdout=output, stderr=StringIO())
    except CommandError as error:
        return Ran(output.getvalue(), str(error))
    return Ran(output.getvalue(), "")


def import_tickets(tenant: Tenant, format: str, file: Path, *options: str) -> Ran:
    return run("import_tickets", str(file), "--tenant", tenant.slug, "--format", format, "--json", *options)
