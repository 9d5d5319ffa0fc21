"""Tickets and heartbeats."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.admin.tenancy import ReadOnly, TenantForm, TenantRows
from accounts.models import Heartbeat, Ticket, TicketSource
from accounts.models.signals import LIVE


class TicketForm(TenantForm[Ticket]):
    def clean(self) -> dict[str, Any]:
        """The database's rules of a ticket's dates, in words."""
        given = super().clean() or self.cleaned_data
        status, closed_at, created_at = given.get("status"), given.get("closed_at"), given.get("created_at")
        if status in LIVE and closed_at:
            self.add_error("closed_at", "An open or pending ticket has no such date. Empty it, or change the status.")
        if status and status not in LIVE and not closed_at:
            self.add_error("closed_at", "Say since when it is resolved or closed.")
        if created_at and closed_at and closed_at < created_at:
            self.add_error("closed_at", ValidationError("That is before it was opened."))
        return given


@admin.register(Ticket)
class TicketAdmin(TenantRows[Ticket]):
    """Tickets come from their system; here one is matched to its account, or put right by hand until the system speaks again."""

    form = TicketForm
    list_display = ("external_id", "source", "account", "account_key", "priority", "status", "subject", "created_at", "closed_at")
    list_filter = ("status", "priority", "source", ("account", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("external_id", "subject", "account_key")
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("account",)
    readonly_fields = ("source", "external_id", "account_key", "source_version")
    fields = (
        "external_id",
        "source",
        "account",
        "account_key",
        "subject",
        "priority",
        "status",
        "created_at",
        "closed_at",
        "source_version",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(TicketSource)
class TicketSourceAdmin(TenantRows[TicketSource]):
    """Systems add themselves when they report; here one that stopped on purpose is unticked."""

    list_display = ("source", "reported_at", "is_in_use")
    list_editable = ("is_in_use",)
    readonly_fields = ("source", "reported_at")
    fields = ("source", "reported_at", "is_in_use")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly[Heartbeat], TenantRows[Heartbeat]):
    tenant_field = "account__tenant"
    list_display = ("account", "last_at")
    list_select_related = ("account",)
    search_fields = ("account__name", "account__external_id")
    ordering = ("-last_at", "pk")
