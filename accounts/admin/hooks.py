"""The addresses that ticket systems post to: made, replaced and withdrawn. A token is shown once, right after it was made."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.admin.secrets import KeptSecrets
from accounts.admin.tenancy import TenantForm, TenantRows, tenant_of
from accounts.hooks import tokens
from accounts.hooks.systems import SYSTEMS
from accounts.models import HookToken, User
from accounts.models.inbound import TicketSystem

WITHOUT = "Of a source that cannot sign, leave it empty."


class HookForm(KeptSecrets[HookToken], TenantForm[HookToken]):
    """A source and what it signs with."""

    secrets = ("secret",)
    remove_secret = forms.BooleanField(label="Remove the secret", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source" in self.fields:
            self.fields["source"] = forms.ChoiceField(choices=[(name, TicketSystem(name).label) for name in SYSTEMS])
        if self.instance._state.adding:
            del self.fields["remove_secret"]
            self.fields["secret"].help_text = f"What the source signs its events with, if it does. {WITHOUT}"

    def clean_secret(self) -> str:
        given: str = self.cleaned_data["secret"]
        return given.strip()


@admin.register(HookToken)
class HookTokenAdmin(TenantRows[HookToken]):
    form = HookForm
    change_form_template = "admin/accounts/hooktoken/change_form.html"
    list_display = ("__str__", "state", "signed", "created_at", "created_by", "last_used_at")
    list_select_related = ("created_by",)
    list_filter = ("source",)
    ordering = ("source", "-id")
    readonly_fields = ("hint", "created_by", "created_at", "last_used_at", "expires_at", "revoked_at")

    def get_fields(self, request: HttpRequest, obj: HookToken | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("source", "secret")
        return ("source", "hint", "secret", "remove_secret", "created_at", "created_by", "last_used_at", "expires_at", "revoked_at")

    def get_readonly_fields(self, request: HttpRequest, obj: HookToken | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("source", *self.readonly_fields)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The new address is in the answer itself, and nowhere else."""
        answer = super().add_view(request, form_url, extra_context)
        made: tuple[HookToken, str] | None = getattr(request, "made_hook", None)
        return self.shown_once(request, *made) if made else answer

    def save_model(self, request: HttpRequest, obj: HookToken, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["secret"])
            return
        made, token = tokens.make(tenant_of(request), obj.source, secret=obj.secret, created_by=acting(request))
        obj.pk, obj.hint, obj.digest, obj.created_at = made.pk, made.hint, made.digest, made.created_at
        request.made_hook = (made, token)  # type: ignore[attr-defined]  # for the answer to this very request

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("<int:pk>/rotate/", site.admin_view(self.rotate), name="accounts_hooktoken_rotate"),
            path("<int:pk>/revoke/", site.admin_view(self.revoke), name="accounts_hooktoken_revoke"),
            *super().get_urls(),
        ]

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another address beside this one, which goes on for a day."""
        old = self.in_use(request, pk)
        if old is None:
            return HttpResponseNotAllowed(["POST"])
        made, token = tokens.rotate(old, acting(request))
        self.log_change(request, old, f"Replaced by …{made.hint}.")
        self.log_addition(request, made, f"Made in place of …{old.hint}.")
        return self.shown_once(request, made, token)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        old = self.in_use(request, pk)
        if old is None:
            return HttpResponseNotAllowed(["POST"])
        tokens.revoke(old)
        self.log_change(request, old, "Revoked.")
        messages.success(request, f"{old} is revoked. Whoever still posts there is told that there is no such address.")
        return redirect("admin:accounts_hooktoken_changelist")

    def in_use(self, request: HttpRequest, pk: int) -> HookToken | None:
        """The token to take a step on; None for a request that takes none."""
        if request.method != "POST":
            return None
        found: HookToken = get_object_or_404(self.get_queryset(request), pk=pk)
        if not state(found).startswith("In use"):
            raise Http404("It is not in use any more.")
        return found

    def shown_once(self, request: HttpRequest, made: HookToken, token: str) -> HttpResponse:
        address = tokens.address(made.source, token)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "made": made, "address": address, "title": "The new address"}
        return render(request, "admin/accounts/hooktoken/made.html", context)

    @admin.display
    def state(self, token: HookToken) -> str:
        return state(token)

    @admin.display
    def signed(self, token: HookToken) -> str:
        """In words: a cross would call what many sources cannot do an error."""
        return "yes" if token.secret else "no"


def state(token: HookToken) -> str:
    if token.revoked_at:
        return "Revoked"
    if token.expires_at is None:
        return "In use"
    return f"In use until {timezone.localtime(token.expires_at):%-d %b %H:%M}" if token.expires_at > timezone.now() else "Expired"


def acting(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets nobody else in
    return request.user
