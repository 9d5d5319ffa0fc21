"""The tenant itself and its people."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from accounts.admin import tenant_settings
from accounts.admin.secrets import ChatAddress
from accounts.admin.tenancy import TenantForm, TenantRows
from accounts.models import Tenant, User
from accounts.notifications import recipients


class OwnTenantForm(tenant_settings.SettingsFields, TenantForm[Tenant]):
    """Name, time zone, and each setting as a field of its own."""

    time_zone = forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())], help_text="The daily scan runs at 07:00 there."
    )

    class Meta:
        model = Tenant
        fields = ("name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(tenant_settings.initial(self.instance.config))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.instance.settings = tenant_settings.settings_from(given)
            except ValueError as fault:
                raise forms.ValidationError(str(fault)) from fault
        return given


@admin.register(Tenant)
class TenantAdmin(TenantRows[Tenant]):
    tenant_field = "pk"
    form = OwnTenantForm
    list_display = ("name", "slug", "time_zone")
    readonly_fields = ("slug",)
    fieldsets = (
        (None, {"fields": ("slug", "name", "time_zone")}),
        ("Settings", {"fields": tenant_settings.PLAIN}),
        ("Working hours", {"fields": tenant_settings.WORKING}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class OwnAddress(TenantForm[User]):
    """A person's address is no customer's: nothing would be sent to it. Whoever is inactive is told nothing anyway."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("email") and given.get("is_active", True):
            stakeholder = recipients.stakeholders_at(given["email"], self.tenant.pk).select_related("account").first()
            if stakeholder:
                words = f"This is the address of {stakeholder}, a stakeholder of {stakeholder.account}: no alert would be sent to it."
                self.add_error("email", f"{words} Enter another, or correct the stakeholder.")
        return given


class NewPersonForm(OwnAddress, AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role")
        field_classes: dict[str, type[forms.Field]] = {}


class PersonForm(ChatAddress[User], OwnAddress, UserChangeForm[User]):
    secrets = ("chat_url",)

    class Meta:
        model = User
        fields = ("email", "name", "role", "is_active", "wants_morning_digest", "chat_url")
        field_classes: dict[str, type[forms.Field]] = {}


@admin.register(User)
class PersonAdmin(TenantRows[User], UserAdmin[User]):
    form = PersonForm
    add_form = NewPersonForm
    list_display = ("name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")
    ordering = ("name", "id")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("name", "email", "password")}),
        (
            "Access",
            {"fields": ("role", "is_active"), "description": "Someone who leaves is made inactive, not deleted: their history stays."},
        ),
        ("Notifications", {"fields": ("wants_morning_digest", "chat_url", "remove_chat_url")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("name", "email", "role", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody locks themselves out: that keeps at least one admin in every tenant."""
        oneself = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *oneself)
