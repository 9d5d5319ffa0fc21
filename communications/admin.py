"""Releases and the roadmap, which admins write, and the drafts, to look at."""

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest

from accounts.admin.tenancy import ReadOnly, TenantForm, TenantRows
from communications.forms import LinesField
from communications.models import Communication, CommunicationEvent, CommunicationRevision, Generation, Mailbox, Release, RoadmapItem


class ReleaseForm(TenantForm[Release]):
    features = LinesField()
    fixes = LinesField()
    breaking_changes = LinesField()
    affected_integrations = LinesField()
    affected_features = LinesField()
    affected_environments = LinesField()


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
    list_display = ("__str__", "account", "communication_type", "status", "written_by", "updated_at")
    list_filter = ("status", "communication_type", "generation__writer")
    list_select_related = ("account",)
    search_fields = ("subject", "account__name")
    inlines = (Events, Revisions)
    fields = readonly_fields = (
        *("account", "communication_type", "status", "written_by", "requested_by", "escalation", "release", "period", "instruction"),
        *("recipients", "subject", "body_html", "open_flags", "failure", "reject_reason", "outcome", "created_at", "updated_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Communication]:
        return super().get_queryset(request).annotate(by=F("generation__writer"))

    @admin.display(description="writer", ordering="by")
    def written_by(self, draft: Communication) -> str:
        return dict(Generation.Writer.choices).get(getattr(draft, "by", ""), "")


@admin.register(Mailbox)
class MailboxAdmin(ReadOnly[Mailbox], TenantRows[Mailbox]):
    """Whether people's mailboxes work. How they sign in to them is nobody else's."""

    tenant_field = "user__tenant"
    list_display = ("user", "kind", "address", "test_ok", "tested_at")
    list_filter = ("kind", "test_ok")
    list_select_related = ("user",)
    search_fields = ("user__name", "address")
    fields = readonly_fields = ("user", "kind", "address", "test_ok", "tested_at")
