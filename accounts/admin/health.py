"""Scoring policies, and what scans did: runs and escalations, to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from accounts import backtest, policies
from accounts.admin.tenancy import OwnRowsFilter, ReadOnly, TenantForm, TenantRows, tenant_of
from accounts.models import Escalation, EscalationEvent, ScanRun, ScoringPolicy, User
from accounts.policies import PolicyError
from accounts.scoring import Policy


class PolicyForm(TenantForm[ScoringPolicy]):
    class Meta:
        labels = {name: f"{label} ({unit})" if unit else label for name, (label, unit) in policies.WORDS.items()}
        help_texts = dict.fromkeys(policies.WORDS, "")  # the labels say it all

    def clean(self) -> dict[str, Any]:
        """The database's rules of a policy's numbers, in words."""
        given = super().clean() or self.cleaned_data
        self.in_order("amber_below", "red_below", "This must be above “Red is under”, or nothing would be Amber.")
        self.in_order("very_silent_after_hours", "silent_after_hours", "This must be more than “A heartbeat is silent after”.")
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
    list_display = ("__str__", "status", "activated_at", "activated_by", "red_below", "amber_below")
    list_filter = ("status",)
    list_select_related = ("activated_by",)
    ordering = ("-version",)
    readonly_fields = ("version", "status", "activated_at", "activated_by")
    fields = ("version", "status", "activated_at", "activated_by", *Policy.model_fields)
    actions = ("back_test", "activate")

    def has_change_permission(self, request: HttpRequest, obj: ScoringPolicy | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == ScoringPolicy.Status.DRAFT)

    def has_delete_permission(self, request: HttpRequest, obj: ScoringPolicy | None = None) -> bool:
        return obj is not None and obj.status == ScoringPolicy.Status.DRAFT

    def save_model(self, request: HttpRequest, obj: ScoringPolicy, form: Any, change: bool) -> None:
        if not change:
            obj.version = policies.next_draft(tenant_of(request), Policy()).version
            super().save_model(request, obj, form, change)
        elif policies.held(obj.pk).status == ScoringPolicy.Status.DRAFT:
            obj.save(update_fields=[*Policy.model_fields])  # the numbers alone: its status is not the form's
        else:
            messages.error(request, f"{obj} was not changed: it left draft while you were editing. Copy it into a new draft.")

    def response_post_save_add(self, request: HttpRequest, obj: ScoringPolicy) -> HttpResponseRedirect:
        """To where it is back-tested and activated."""
        return redirect(obj)

    def response_post_save_change(self, request: HttpRequest, obj: ScoringPolicy) -> HttpResponseRedirect:
        return redirect(obj)

    @admin.action(description=f"Back-test over the last {backtest.DAYS} days", permissions=["add"])
    def back_test(self, request: HttpRequest, chosen: QuerySet[ScoringPolicy]) -> None:
        for policy in chosen.select_related("tenant"):
            try:
                backtest.start(policy, acting(request))
            except PolicyError as error:
                messages.warning(request, str(error))
            else:
                messages.success(request, f"{policy} is being back-tested. “View on site” shows how far it is, and what it found.")

    @admin.action(description="Activate", permissions=["add"])
    def activate(self, request: HttpRequest, chosen: QuerySet[ScoringPolicy]) -> None:
        if len(chosen) != 1:
            messages.warning(request, "Nothing was activated: one version is in force at a time. Choose one.")
            return
        try:
            policies.activate(chosen[0], acting(request))
        except PolicyError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"{chosen[0]} is in force. {policies.CONSEQUENCE}. Past scores stay as they were.")


def acting(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets nobody else in
    return request.user


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
