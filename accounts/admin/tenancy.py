"""What makes the admin site see one tenant: rows, choices and new rows are those of the admin who is signed in."""

from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db import models
from django.http import HttpRequest

from accounts.models import Tenant, User

M = TypeVar("M", bound=models.Model)


def tenant_of(request: HttpRequest) -> Tenant:
    assert isinstance(request.user, User)  # the admin site lets nobody else in
    return request.user.tenant


class TenantForm(forms.ModelForm[M]):
    """A form of a row that belongs to a tenant, which is no field of it: nobody moves a row to another."""

    tenant: Tenant

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.tenant = self.tenant  # type: ignore[attr-defined]  # every model it is made for has one
        for name, field in self.fields.items():
            if isinstance(field.widget, AdminSplitDateTime):  # whose one label belongs to neither of its inputs
                for widget, part in zip(field.widget.widgets, ("date", "time"), strict=True):
                    label = field.label or name.replace("_", " ").capitalize()
                    widget.attrs["aria-label"] = f"{label}, {part}"

    def _get_validation_exclusions(self) -> set[str]:
        # What must be unique within the tenant is checked with it, although it is no field.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs leave it out
        return excluded - {"tenant"}


class TenantRows(admin.ModelAdmin[M]):
    """Rows of the admin's own tenant. A row of another is not found, not offered and not accepted. Nothing is deleted here."""

    tenant_field = "tenant"
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        return super().get_queryset(request).filter(**{self.tenant_field: tenant_of(request).pk})

    def get_exclude(self, request: HttpRequest, obj: M | None = None) -> tuple[str, ...]:
        return ("tenant",)

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        if self.form is forms.ModelForm:
            kwargs.setdefault("form", TenantForm)
        form = super().get_form(request, obj, change=change, **kwargs)
        form.tenant = tenant_of(request)  # type: ignore[attr-defined]  # a class of its own for each request
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are what the admin finds in the other model's own list."""
        kwargs["queryset"] = self.admin_site.get_model_admin(db_field.remote_field.model).get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def view_on_site(self, obj: M) -> str | None:
        address: str | None = obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None
        return address

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class ReadOnly(BaseModelAdmin[M]):
    """Rows that the software writes: to look at."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class OwnRowsFilter(admin.RelatedFieldListFilter):
    """A list filter by a related row, which offers only rows of the admin's tenant."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, Any]]:
        rows = model_admin.admin_site.get_model_admin(field.related_model).get_queryset(request)
        return [(str(row.pk), str(row)) for row in rows]
