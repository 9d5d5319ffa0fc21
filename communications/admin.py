"""Releases and the roadmap, which admins write, and the drafts, to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.tenancy import ReadOnly, TenantForm, TenantRows
from communications.models import Communication, CommunicationEvent, CommunicationRevision, Release, RoadmapItem


class LinesField(forms.CharField):
    """A list of lines of text, one entry each."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="One a line.", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if any(len(line) > 300 for line in lines):
            raise forms.ValidationError("A line has at most 300 characters.")
        return lines

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.clean(data))


class ReleaseForm(TenantForm[Release]):
    features = LinesField()
    fixes = LinesField()
    breaking_changes = LinesField()
    affected_integrations = LinesField()
    affected_features = LinesField()


@admin.register(Release)
class ReleaseAdmin(TenantRows[Release]):
    form = ReleaseForm
    list_display = ("version", "released_on", "is_published")
    list_filter = ("is_published",)
    search_fields = ("version",)


@admin.register(RoadmapItem)
class RoadmapItemAdmin(TenantRows[RoadmapItem]):
    list_display = ("title", "status", "horizon")
    list_filter = ("status",)
    search_fields = ("title",)

    def has_delete_permission(self, request: HttpRequest, obj: RoadmapItem | None = None) -> bool:
        return super(TenantRows, self).has_delete_permission(request, obj)


class Revisions(ReadOnly[CommunicationRevision], admin.TabularInline[CommunicationRevision, Communication]):
    model = CommunicationRevision
    extra = 0
    fields = readonly_fields = ("number", "origin", "author", "created_at", "subject")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommunicationRevision]:
        return super().get_queryset(request).select_related("author")


class Events(ReadOnly[CommunicationEvent], admin.TabularInline[CommunicationEvent, Communication]):
    model = CommunicationEvent
    extra = 0
    fields = readonly_fields = ("at", "status", "actor", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CommunicationEvent]:
        return super().get_queryset(request).select_related("actor")


@admin.register(Communication)
class CommunicationAdmin(ReadOnly[Communication], TenantRows[Communication]):
    list_display = ("__str__", "account", "communication_type", "status", "writer", "updated_at")
    list_filter = ("status", "communication_type", "writer")
    list_select_related = ("account",)
    search_fields = ("subject", "account__name")
    inlines = (Events, Revisions)
