"""How a tenant reads each source: its words, and which values mean which account."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import account_keys, remapping
from accounts.account_keys import KeyTaken
from accounts.admin.mapping_form import CUSTOM, KINDS, MappingForm
from accounts.admin.tenancy import TenantForm, TenantRows, tenant_of
from accounts.ingest.mapping import OUTRIGHT
from accounts.models import AccountKey, SourceMapping, User
from accounts.sources import WORDS
from tamdash.broker import tell


@admin.register(SourceMapping)
class SourceMappingAdmin(TenantRows[SourceMapping]):
    """One row a source, there from the first look on."""

    form = MappingForm
    change_form_template = "admin/accounts/sourcemapping/change_form.html"
    list_display = ("__str__", "own_words", "named_by", "applied_at")
    ordering = ("source",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        remapping.there(tenant_of(request))
        return super().changelist_view(request, extra_context)

    def get_fields(self, request: HttpRequest, obj: SourceMapping | None = None) -> Any:
        return ["reset"]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        row = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() and len(object_id) < 19 else None
        shown = {"brought": brought(row), "is_waiting": remapping.due(timezone.now()).filter(pk=row.pk).exists()} if row else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    def save_model(self, request: HttpRequest, obj: SourceMapping, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(partial(tell, remapping.RUN, obj.pk, takes_long=True))
        messages.info(request, "Past tickets are being brought up to it. This page says how many changed; the next scan counts them.")

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """What it says now: that is how the history tells what was changed."""
        row: SourceMapping = form.instance
        words = [f"“{word}” is P{value}" for word, value in row.priorities.items()]
        words += [f"“{word}” is {value}" for word, value in row.statuses.items()]
        accounts = [f"accounts by {', '.join(row.account_by)}"] if row.account_by else []
        return f"Now: {'; '.join([*words, *accounts]) or 'the defaults'}."

    @admin.display(description="words of your own")
    def own_words(self, row: SourceMapping) -> int:
        return len(row.priorities) + len(row.statuses)

    @admin.display(description="accounts by")
    def named_by(self, row: SourceMapping) -> str:
        return ", ".join(row.account_by) or f"{', '.join(WORDS[row.source].account_by)} (default)"


def brought(row: SourceMapping) -> str:
    """What the last change did to past tickets."""
    last = remapping.history(row).filter(change_message__startswith=remapping.BROUGHT).first()
    return str(last.change_message) if last else ""


class KeyForm(TenantForm[AccountKey]):
    """Which account a value means. The value itself is fixed: another one is another row."""

    def clean_key(self) -> str:
        given: str = self.cleaned_data["key"]
        kind, _, value = given.partition(":")
        if not value.strip() or not (kind.casefold() in (*KINDS, *OUTRIGHT) or CUSTOM.fullmatch(kind.casefold())):
            raise forms.ValidationError(
                f"Write what it is, a colon and the value, such as organization:Aldermoor. Kinds: {', '.join(KINDS)}."
            )
        return account_keys.normal(f"{kind.casefold()}:{value}")


@admin.register(AccountKey)
class AccountKeyAdmin(TenantRows[AccountKey]):
    form = KeyForm
    list_display = ("key", "source", "account", "created_by", "created_at")
    list_filter = ("source",)
    list_select_related = ("account", "created_by")
    search_fields = ("key", "account__name", "account__external_id")
    ordering = ("source", "key")
    autocomplete_fields = ("account",)
    readonly_fields = ("created_by", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: AccountKey | None = None) -> tuple[str, ...]:
        return ("created_by", "created_at", *(("source", "key") if obj else ()))

    def has_delete_permission(self, request: HttpRequest, obj: AccountKey | None = None) -> bool:
        return True

    def save_model(self, request: HttpRequest, obj: AccountKey, form: Any, change: bool) -> None:
        try:
            done = account_keys.map_key(tenant_of(request), obj.source, obj.key, obj.account, acting(request), instead=change)
        except KeyTaken as taken:
            messages.error(request, str(taken))
            obj.pk = taken.row.pk
            return
        obj.pk = done.row.pk
        messages.info(request, f"{done.tickets:,} tickets went to {obj.account}. The next scan counts them.")

    def delete_model(self, request: HttpRequest, obj: AccountKey) -> None:
        count = account_keys.unmap_key(obj, acting(request))
        messages.info(request, f"{count:,} tickets left {obj.account}.")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset.select_related("account", "tenant"):
            self.delete_model(request, row)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Written where it is done, as for the page of unmatched tickets."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""


def acting(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin site lets nobody else in
    return request.user
