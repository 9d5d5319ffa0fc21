"""The application with the yardstick beside it."""

from django.conf import settings

from tamdash.wsgi import application

settings.ROOT_URLCONF = "tests.bench.plain_admin"

__all__ = ["application"]
