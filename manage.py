#!/usr/bin/env python
"""Django's command line, run against the embedded servers unless DATABASE_URL and REDIS_URL name others."""

import os
import sys

from tamdash import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tamdash.settings")
    from django.core.management import execute_from_command_line

    with embedded.servers():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
