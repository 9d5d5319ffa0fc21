"""How a tenant's alerts go out, with a test of each channel; and what went out, to look at and to try again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.secrets import ChatAddress
from accounts.admin.tenancy import ReadOnly, TenantForm, TenantRows, tenant_of
from accounts.models import ChannelSettings, Notification, Tenant, User
from accounts.models.notification import Channel
from accounts.models.people import TenantQuerySet
from accounts.notifications import delivery, trials

CHAT_WORDS = (
    "Alerts go here, but to people who have a chat address of their own. The webhook address that Slack, Google Chat, Teams, Discord or "
    "Webex shows is taken as it is."
)


class ChannelForm(ChatAddress[ChannelSettings], TenantForm[ChannelSettings]):
    secrets = ("chat_url", "notion_token")
    remove_notion_token = forms.BooleanField(label="Remove the Notion token", required=False)


@admin.register(ChannelSettings)
class ChannelSettingsAdmin(TenantRows[ChannelSettings]):
    """One row, which is there from the first look on."""

    form = ChannelForm
    change_form_template = "admin/accounts/channelsettings/change_form.html"
    list_display = ("__str__", "email", "chat", "notion", "event_bus")
    list_select_related = ("tenant",)
    fieldsets = (
        (None, {"fields": ("email_enabled", "event_bus_enabled")}),
        ("Chat", {"fields": ("chat_url", "remove_chat_url"), "description": CHAT_WORDS}),
        ("Notion", {"fields": ("notion_token", "remove_notion_token", "notion_data_source")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        there(request)
        return super().changelist_view(request, extra_context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        own = there(request)
        shown = {"trials": trials.shown(own) if object_id == str(own.pk) else []}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    def get_urls(self) -> list[URLPattern]:
        tried = self.admin_site.admin_view(self.send_test)
        return [path("<int:tenant>/test/<slug:channel>/", tried, name="accounts_channelsettings_test"), *super().get_urls()]

    def send_test(self, request: HttpRequest, tenant: int, channel: str) -> HttpResponse:
        """Asks for a test message over one channel; the page shows what came of it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if tenant != tenant_of(request).pk or channel not in Channel.values or not isinstance(request.user, User):
            raise Http404
        if trials.start(request.user, Channel(channel)):
            messages.success(request, f"{Channel(channel).label}: a test is on its way. Reload this page to see whether it arrived.")
        else:
            messages.warning(
                request, f"{Channel(channel).label}: a test is on its way already. Reload this page to see whether it arrived."
            )
        return redirect("admin:accounts_channelsettings_change", tenant)

    @admin.display
    def email(self, channels: ChannelSettings) -> str:
        return trials.state(channels, Channel.EMAIL)

    @admin.display
    def chat(self, channels: ChannelSettings) -> str:
        return trials.state(channels, Channel.CHAT)

    @admin.display(description="Notion")
    def notion(self, channels: ChannelSettings) -> str:
        return trials.state(channels, Channel.NOTION)

    @admin.display
    def event_bus(self, channels: ChannelSettings) -> str:
        return trials.state(channels, Channel.EVENT_BUS)


def there(request: HttpRequest) -> Tenant:
    """The admin's tenant, with the row that holds its channels."""
    tenant = tenant_of(request)
    ChannelSettings.objects.get_or_create(tenant=tenant)
    return tenant


@admin.register(Notification)
class NotificationAdmin(ReadOnly[Notification], TenantRows[Notification]):
    list_display = ("created_at", "kind", "channel", "recipient", "about", "status", "attempts", "error")
    list_filter = ("status", "channel", "kind")
    list_select_related = ("recipient", "escalation__account")
    ordering = ("-id",)
    actions = ("try_again",)
    fields = (
        "kind",
        "channel",
        "recipient",
        "about",
        "carried_by",
        "status",
        "attempts",
        "error",
        "detail",
        "created_at",
        "next_try_at",
        "claimed_at",
        "delivered_at",
    )
    readonly_fields = ("about",)

    @admin.display(empty_value="-")
    def about(self, row: Notification) -> SafeString | None:
        if row.escalation is None:
            return None
        return format_html('<a href="{}">{}</a> {}', row.escalation.get_absolute_url(), row.escalation, row.escalation.account)

    @admin.action(description="Try again", permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Notification]) -> None:
        assert isinstance(chosen, TenantQuerySet)
        if count := delivery.retry(chosen):
            messages.success(request, f"{count} {'is' if count == 1 else 'are'} tried again. Reload this page to see whether they arrived.")
        else:
            messages.warning(request, "Nothing was tried again: only what failed or was skipped can be.")
