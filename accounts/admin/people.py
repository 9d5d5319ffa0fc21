"""The tenant itself and its people."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from accounts.admin.tenancy import TenantForm, TenantRows
from accounts.models import Tenant, User
from accounts.models.people import TenantSettings


class OwnTenantForm(TenantForm[Tenant]):
    time_zone = forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())], help_text="The daily scan runs at 07:00 there."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{name} ({field.default})" for name, field in TenantSettings.model_fields.items())
        self.fields["settings"].help_text = f"JSON. Known, with what holds if left out: {known}."


@admin.register(Tenant)
class TenantAdmin(TenantRows[Tenant]):
    tenant_field = "pk"
    form = OwnTenantForm
    list_display = ("name", "slug", "time_zone")
    readonly_fields = ("slug",)
    fields = ("slug", "name", "time_zone", "settings")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class NewPersonForm(TenantForm[User], AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role")
        field_classes: dict[str, type[forms.Field]] = {}


class PersonForm(TenantForm[User], UserChangeForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role", "is_active")
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
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("name", "email", "role", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody locks themselves out: that keeps at least one admin in every tenant."""
        oneself = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *oneself)
