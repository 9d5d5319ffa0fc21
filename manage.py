#!/usr/bin/env python
"""Django's command line, run against the embedded servers unless DATABASE_URL and REDIS_URL name others."""

import os
import sys
from contextlib import nullcontext

from tamdash import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tamdash.settings")
    from django.core.management import execute_from_command_line

    with nullcontext() if sys.argv[1:2] == ["verify_receipt"] else embedded.servers():  # a receipt is checked by itself
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
