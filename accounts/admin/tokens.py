"""Bearer tokens of the API: an admin makes one, sees it once, and revokes it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import api_tokens
from accounts.admin.tenancy import TenantForm, TenantRows, tenant_of
from accounts.models import ApiToken, User
from accounts.models.api import Scope


class NewToken(TenantForm[ApiToken]):
    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple, help_text="What the token may do.")

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "expires_at")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        api_tokens.check_name(self.tenant, name)
        return name

    def clean_expires_at(self) -> Any:
        given = self.cleaned_data["expires_at"]
        if given and given <= timezone.now():
            raise forms.ValidationError("This lies in the past: the token would never be usable.")
        return given


@admin.register(ApiToken)
class ApiTokenAdmin(TenantRows[ApiToken]):
    """A token is never changed: what it may do is what whoever got it was told."""

    form = NewToken
    fields = ("name", "scopes", "expires_at")
    list_display = ("name", "ends_in", "may", "state", "expires_at", "last_used_at", "created_by", "created_at")
    list_select_related = ("created_by",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name",)
    ordering = ("-id",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        seen = ("name", "ends_in", "may", "state", "created_by", "created_at", "expires_at", "revoked_at", "last_used_at")
        return self.fields if obj is None else seen

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The new token is in the answer itself, and nowhere else."""
        answer = super().add_view(request, form_url, extra_context)
        made: tuple[ApiToken, str] | None = getattr(request, "made_token", None)
        if made is None:
            return answer
        context = {**self.admin_site.each_context(request), "opts": self.opts, "made": made[0], "text": made[1], "title": "The new token"}
        shown = render(request, "admin/accounts/apitoken/made.html", context)
        shown.headers["Cache-Control"] = "no-store"
        return shown

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        made, text = api_tokens.issue(tenant_of(request), obj.name, obj.scopes, obj.expires_at, request.user)
        obj.pk = made.pk
        request.made_token = (made, text)  # type: ignore[attr-defined]  # for the answer to this very request

    @admin.display(description="Ends in")
    def ends_in(self, token: ApiToken) -> str:
        return f"…{token.hint}"

    @admin.display(description="Scopes")
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return "revoked"
        return "expired" if token.expires_at and token.expires_at <= timezone.now() else "in use"

    @admin.action(description="Revoke, at once and for good", permissions=["view"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        count = api_tokens.revoke(chosen.values_list("pk", flat=True))
        messages.success(request, f"{count} {'token is' if count == 1 else 'tokens are'} revoked.")
