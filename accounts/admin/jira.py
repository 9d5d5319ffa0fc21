"""The Jiras that are asked for issues: how each is reached, whether it answers, and how its sync stands."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.secrets import KeptSecrets
from accounts.admin.tenancy import TenantForm, TenantRows
from accounts.models import JiraConnection
from accounts.pull import jira_api, syncing
from accounts.pull.jira_api import JiraError

QUESTION = {"base_url", "is_cloud", "jql"}  # with another of these, what was synced says nothing any more
SIGN_IN = {"user", "secret", "remove_secret"}


class JiraForm(KeptSecrets[JiraConnection], TenantForm[JiraConnection]):
    secrets = ("secret",)
    base_url = forms.URLField(
        label="Address", assume_scheme="https", help_text="Such as https://example.atlassian.net or https://jira.example.com/jira."
    )
    remove_secret = forms.BooleanField(label="Remove the API token", required=False)

    def clean_base_url(self) -> str:
        given: str = self.cleaned_data["base_url"]
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
            raise ValidationError("Enter the address alone, as in https://example.atlassian.net.")
        return given.rstrip("/")

    def clean_jql(self) -> str:
        given: str = " ".join(self.cleaned_data["jql"].split())
        if "order by" in given.lower():
            raise ValidationError("Leave out ORDER BY: issues are read in the order in which they changed.")
        return given

    def clean(self) -> dict[str, Any]:
        """A token goes to the Jira alone that it was entered for."""
        typed = bool(self.cleaned_data.get("secret"))
        given = super().clean()
        before = self.initial.get("base_url", "")
        if before and given.get("base_url") and host(before) != host(given["base_url"]) and given.get("secret") and not typed:
            self.add_error("secret", "This is another address: enter its own API token.")
        if given.get("is_cloud") and "secret" in given and not (given.get("user") and given.get("secret")):
            self.add_error("user", "Jira Cloud wants both the address of a user and that user's API token.")
        return given


def host(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.lower()


@admin.register(JiraConnection)
class JiraConnectionAdmin(TenantRows[JiraConnection]):
    form = JiraForm
    change_form_template = "admin/accounts/jiraconnection/change_form.html"
    list_display = ("name", "base_url", "jql", "every_minutes", "is_active", "state", "synced_to")
    readonly_fields = ("state", "synced_to", "progress")
    fieldsets = (
        (None, {"fields": ("name", "base_url", "is_cloud", "user", "secret", "remove_secret")}),
        ("Issues", {"fields": ("jql", "every_minutes", "is_active")}),
        ("How it stands", {"fields": ("state", "progress", "synced_to")}),
    )

    def save_model(self, request: HttpRequest, obj: JiraConnection, form: Any, change: bool) -> None:
        """What is new is asked for at once. Columns of a sync under way are its own, but another question ends it."""
        changed = set(form.changed_data)
        if not change:
            obj.next_run_at = timezone.now()
            super().save_model(request, obj, form, change)
            return
        names = {name for name in form.cleaned_data if name != "remove_secret"}
        if changed & (QUESTION | SIGN_IN | {"is_active"}):
            names |= start_again(obj)
        if changed & QUESTION:
            obj.synced_to, obj.page = None, ""
            names |= {"synced_to", "page"}
        obj.save(update_fields=names)

    def get_urls(self) -> list[URLPattern]:
        steps = (("test", self.test), ("sync", self.sync))
        own = [path(f"<int:pk>/{name}/", self.admin_site.admin_view(step), name=f"accounts_jiraconnection_{name}") for name, step in steps]
        return [*own, *super().get_urls()]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks Jira at once who we are and how many issues match."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.own(request, pk)
        try:
            messages.success(request, jira_api.tried(row))
        except JiraError as error:
            messages.error(request, f"It does not work yet. {error}")
        return redirect("admin:accounts_jiraconnection_change", pk)

    def sync(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.own(request, pk)
        if row.is_active:
            syncing.ask_for(row)
            messages.success(request, format_html('It is asked for. <a href="{}">See how far it is</a>.', reverse("jira")))
        else:
            messages.warning(request, "It is not active. Tick “active” and save first.")
        return redirect("admin:accounts_jiraconnection_change", pk)

    def own(self, request: HttpRequest, pk: int) -> JiraConnection:
        if not self.has_change_permission(request):
            raise Http404
        row: JiraConnection = get_object_or_404(self.get_queryset(request), pk=pk)
        return row

    @admin.display
    def state(self, row: JiraConnection) -> str:
        return f"{row.get_status_display()}{f': {row.error}' if row.error else ''}" if row.pk else "New"

    @admin.display
    def progress(self, row: JiraConnection) -> str | SafeString:
        of = f" of about {row.expected:,}" if row.expected else ""
        return f"{row.read:,}{of} issues read, {row.written:,} tickets written, {row.refused:,} not understood"


def start_again(row: JiraConnection) -> set[str]:
    """Whoever is at work on the row loses it, and it is due at once. Answers what was set."""
    row.error, row.attempts, row.claimed_until = "", 0, None
    row.status, row.next_run_at = JiraConnection.Status.IDLE, timezone.now()
    return {"error", "attempts", "claimed_until", "status", "next_run_at"}
