"""Scoring policies, and what scans did: runs and escalations, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Max
from django.http import HttpRequest

from accounts.admin.tenancy import OwnRowsFilter, ReadOnly, TenantForm, TenantRows, tenant_of
from accounts.models import Escalation, EscalationEvent, ScanRun, ScoringPolicy, Tenant
from accounts.scoring import Policy


class PolicyForm(TenantForm[ScoringPolicy]):
    def clean(self) -> dict[str, Any]:
        """The database's rules of a policy's numbers, in words."""
        given = super().clean() or self.cleaned_data
        self.in_order("amber_below", "red_below", "This must be above “red below”, or nothing would be Amber.")
        self.in_order("very_silent_after_hours", "silent_after_hours", "This must be more than “silent after hours”.")
        if given.get("very_silent_points", 0) < given.get("silent_points", 0):
            self.add_error("very_silent_points", "A longer silence cannot cost less than a shorter one.")
        if given.get("red_below") == 0 or given.get("amber_below", 0) > 100:
            self.add_error("red_below", "The limits lie between 1 and 100.")
        return given

    def in_order(self, higher: str, lower: str, words: str) -> None:
        given = self.cleaned_data
        if higher in given and lower in given and given[higher] <= given[lower]:
            self.add_error(higher, words)


@admin.register(ScoringPolicy)
class ScoringPolicyAdmin(TenantRows[ScoringPolicy]):
    """A policy is written as a draft. Once it has left draft its numbers stay: snapshots name it by its version."""

    form = PolicyForm
    list_display = ("__str__", "status", "activated_at", "red_below", "amber_below")
    list_filter = ("status",)
    ordering = ("-version",)
    readonly_fields = ("version", "status", "activated_at")
    fields = ("version", "status", "activated_at", *Policy.model_fields)

    def has_change_permission(self, request: HttpRequest, obj: ScoringPolicy | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == ScoringPolicy.Status.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: ScoringPolicy | None = None) -> bool:
        return obj is not None and obj.status == ScoringPolicy.Status.DRAFT

    def save_model(self, request: HttpRequest, obj: ScoringPolicy, form: Any, change: bool) -> None:
        if not change:
            # One at a time in a tenant, or two drafts would get the same version.
            Tenant.objects.select_for_update().get(pk=tenant_of(request).pk)
            obj.version = (ScoringPolicy.objects.filter(tenant=obj.tenant).aggregate(last=Max("version"))["last"] or 0) + 1
        super().save_model(request, obj, form, change)


@admin.register(ScanRun)
class ScanRunAdmin(ReadOnly[ScanRun], TenantRows[ScanRun]):
    list_display = (
        "at",
        "kind",
        "account",
        "accounts",
        "red",
        "amber",
        "green",
        "escalations_opened",
        "escalations_recovered",
        "finished_at",
        "error",
    )
    list_filter = ("kind",)
    list_select_related = ("account",)
    ordering = ("-at", "-id")


class Events(ReadOnly[EscalationEvent], admin.TabularInline[EscalationEvent, Escalation]):
    model = EscalationEvent
    extra = 0
    fields = readonly_fields = ("at", "kind", "actor", "score", "rag", "note")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor")


@admin.register(Escalation)
class EscalationAdmin(ReadOnly[Escalation], TenantRows[Escalation]):
    list_display = ("__str__", "account", "rag", "score", "reason", "status", "opened_at", "due_at", "acknowledged_at", "resolved_at")
    list_filter = ("status", "reason", "rag", ("account__owner", OwnRowsFilter))
    list_select_related = ("account",)
    search_fields = ("account__name", "account__external_id")
    ordering = ("-opened_at", "-id")
    inlines = (Events,)
