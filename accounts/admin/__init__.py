"""The admin site of the accounts side. Everything an admin finds there is of their own tenant."""

from django.contrib import admin
from django.contrib.auth import admin as django_auth
from django.contrib.auth.models import Group

from accounts.admin import channels, health, hooks, jira, mapping, people, profile, signals, tokens

__all__ = ["channels", "django_auth", "health", "hooks", "jira", "mapping", "people", "profile", "signals", "tokens"]

# Django's groups know no tenants and grant nothing here. Importing its admin first makes it register them now, not later.
admin.site.unregister(Group)
