"""Accounts with everything that is known about them; their health and escalations to look at."""

import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import heartbeats, remapping
from accounts.admin.tenancy import OwnRowsFilter, ReadOnly, TenantRows
from accounts.forms import EnvironmentForm, FeatureForm, StakeholderForm
from accounts.models import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    HealthSnapshot,
    Integration,
    ProfileChange,
    ScanRun,
    Stakeholder,
)

LATEST = 10  # snapshots and escalations shown
M = TypeVar("M", bound=models.Model)


class ProfileRows(admin.TabularInline[M, Account]):
    extra = 0
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 2, "cols": 40})}}


class Stakeholders(ProfileRows[Stakeholder]):
    model = Stakeholder
    form = StakeholderForm


class Integrations(ProfileRows[Integration]):
    model = Integration


class Features(ProfileRows[FeatureAdoption]):
    model = FeatureAdoption
    form = FeatureForm
    readonly_fields = ("source",)


class Environment(ProfileRows[EnvironmentItem]):
    model = EnvironmentItem
    form = EnvironmentForm
    readonly_fields = ("source",)


class Opportunities(ProfileRows[CoDevOpportunity]):
    model = CoDevOpportunity


class History(ProfileRows[CommunicationHistory]):
    model = CommunicationHistory


@admin.register(Account)
class AccountAdmin(TenantRows[Account]):
    list_display = ("name", "external_id", "tier", "region", "owner", "arr", "renewal_date", "health_now", "is_active")
    list_filter = ("is_active", ("health__rag", admin.ChoicesFieldListFilter), "tier", "region", ("owner", OwnRowsFilter))
    list_select_related = ("owner", "health")
    search_fields = ("name", "external_id")
    autocomplete_fields = ("owner",)
    actions = ("new_ping_address",)
    inlines = (Stakeholders, Integrations, Features, Environment, Opportunities, History)
    fieldsets = (
        (None, {"fields": ("name", "external_id", "is_active")}),
        ("Book", {"fields": ("owner", "tier", "region", "arr", "renewal_date", "profile_page_id")}),
        ("By the calendar", {"fields": ("checkin_every_months", "review_every_months")}),
        ("Health", {"fields": ("health_now", "snapshots", "escalations")}),
        ("Heartbeats", {"fields": ("ping_address",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> tuple[str, ...]:
        """The account id stands in contracts, tickets and links, so it stays as it was given."""
        return ("health_now", "snapshots", "escalations", "ping_address", *(("external_id",) if obj else ()))

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> Any:
        return self.inlines if obj else ()

    @admin.action(description="New ping address", permissions=["change"])
    def new_ping_address(self, request: HttpRequest, accounts: QuerySet[Account]) -> None:
        """One at a time: whatever calls the old address has to be told the new one."""
        chosen = list(accounts[:2])
        if len(chosen) > 1:
            self.message_user(request, "Nothing was changed: choose one account, as its software has to be told.", messages.WARNING)
            return
        for account in chosen:
            account.ping_id = uuid.uuid4()
            account.save(update_fields=["ping_id"])
            self.log_change(request, account, "New ping address.")
            self.message_user(
                request, f"{account} has a new ping address: {heartbeats.address(account)} The old one answers 404 from now on."
            )

    @admin.display(empty_value="as soon as it is saved")
    def ping_address(self, account: Account) -> str | None:
        return heartbeats.address(account) if account.pk else None

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and (count := remapping.match_account(obj)):
            messages.info(request, f"{count:,} tickets that waited for this account id went to it. The next scan counts them.")

    @admin.display(description="health", ordering="health__score", empty_value="not scanned yet")
    def health_now(self, account: Account) -> str | None:
        health = getattr(account, "health", None)
        return f"{health.rag} {health.score}" if health else None

    @admin.display(empty_value="none yet")
    def snapshots(self, account: Account) -> SafeString | None:
        runs = ScanRun.objects.filter(Q(account=None) | Q(account=account), tenant=account.tenant_id)[:LATEST]
        found = HealthSnapshot.objects.filter(account=account, scan__in=[run.pk for run in runs]).select_related("scan")
        rows = [
            (moment(row.scan.at), row.rag, row.score, row.late_points, row.volume_points, row.silence_points)
            for row in found.order_by("-scan__at")
        ]
        return table(("Scan", "RAG", "Score", "Late tickets", "Open tickets", "Silence"), rows)

    @admin.display(empty_value="none yet")
    def escalations(self, account: Account) -> SafeString | None:
        rows = [
            (
                format_html('<a href="{}">{}</a>', reverse("admin:accounts_escalation_change", args=[row.pk]), row),
                row.get_reason_display(),
                row.get_status_display(),
                moment(row.opened_at),
                moment(row.resolved_at) if row.resolved_at else "",
            )
            for row in account.escalations.order_by("-opened_at")[:LATEST]
        ]
        return table(("Escalation", "Reason", "Status", "Opened", "Resolved"), rows)


@admin.register(ProfileChange)
class ProfileChangeAdmin(ReadOnly[ProfileChange], TenantRows[ProfileChange]):
    """What other software changed in profiles, and who asked."""

    tenant_field = "account__tenant"
    list_display = ("at", "account", "part", "name", "before", "after", "asked_by")
    list_filter = ("part",)
    list_select_related = ("account",)
    search_fields = ("account__name", "account__external_id", "name", "asked_by")
    ordering = ("-at", "-id")


def moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def table(headings: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> SafeString | None:
    if not rows:
        return None
    head = format_html_join("", "<th>{}</th>", ((heading,) for heading in headings))
    body = format_html_join("", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
