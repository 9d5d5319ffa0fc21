"""An admin sets up the channels, tries them, and tries again what failed; secrets go in and never come out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import ChannelSettings, Notification, User
from accounts.notifications import delivery
from tests import make
from tests.conftest import Cast
from tests.mail_server import MailServer, mail_server
from tests.messages import Told, told
from tests.webhooks import Webhook, webhook

__all__ = ["mail_server", "told", "webhook"]
BACKEND = "tamdash.sign_in.Passwords"
CHAT = "jsons://chat.example/hook/s3cret"
LIST = reverse("admin:accounts_channelsettings_changelist")


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.admin, backend=BACKEND)
    return found


def page(cast: Cast) -> str:
    return reverse("admin:accounts_channelsettings_change", args=[cast.tenant.pk])


def set_up(client: Client, cast: Cast, **values: Any) -> Any:
    client.get(LIST)
    return client.post(page(cast), {"email_enabled": "on", "event_bus_enabled": "on"} | values, follow=True)


def channels(cast: Cast) -> ChannelSettings:
    return ChannelSettings.objects.get(tenant=cast.tenant)


def try_out(client: Client, cast: Cast, channel: str) -> str:
    address = reverse("admin:accounts_channelsettings_test", args=[cast.tenant.pk, channel])
    return str(client.post(address, follow=True).content.decode())


def test_with_nothing_set_up_the_page_says_what_to_do(client: Client, cast: Cast, settings: Settings) -> None:
    settings.EMAIL_IS_SET_UP = False
    assert "Channels of North" in client.get(LIST).content.decode()
    html = client.get(page(cast)).content.decode()
    assert "Not set up: whoever runs tamdash sets TAMDASH_EMAIL_URL." in html
    assert "Not set up: enter a chat address." in html
    assert "Not set up: enter a Notion token." in html
    assert "On, as the Redis stream tamdash:north:escalations." in html
    assert html.count("Send a test by") == 1


def test_there_is_one_row_and_it_stays(client: Client, cast: Cast) -> None:
    client.get(LIST)
    client.get(LIST)
    assert ChannelSettings.objects.filter(tenant=cast.tenant).count() == 1
    assert client.post(reverse("admin:accounts_channelsettings_delete", args=[cast.tenant.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:accounts_channelsettings_add")).status_code == 403


def test_a_secret_is_kept_when_left_empty_replaced_when_entered_and_never_shown(client: Client, cast: Cast) -> None:
    set_up(client, cast, chat_url=CHAT, notion_token="ntn_s3cret")
    saved = channels(cast)
    assert (saved.chat_url, saved.notion_token) == (CHAT, "ntn_s3cret")
    html = client.get(page(cast)).content.decode()
    assert html.count("Set: leave empty to keep it.") == 2
    assert "s3cret" not in html
    set_up(client, cast, email_enabled="")
    assert (channels(cast).chat_url, channels(cast).email_enabled) == (CHAT, False)
    set_up(client, cast, chat_url="jsons://chat.example/another")
    assert channels(cast).chat_url == "jsons://chat.example/another"


def test_a_secret_is_removed_when_asked(client: Client, cast: Cast) -> None:
    set_up(client, cast, chat_url=CHAT, notion_token="ntn_s3cret")
    both = set_up(client, cast, chat_url=CHAT, remove_chat_url="on").content.decode()
    assert "Enter another one or remove it, not both." in both
    set_up(client, cast, remove_chat_url="on")
    assert (channels(cast).chat_url, channels(cast).notion_token) == ("", "ntn_s3cret")


def test_a_chat_address_that_is_no_team_chat_is_refused_and_not_echoed(client: Client, cast: Cast) -> None:
    html = set_up(client, cast, chat_url="mailto://petra:s3cret@customer.example").content.decode()
    assert "This is no team chat that tamdash knows." in html
    assert "s3cret" not in html
    assert channels(cast).chat_url == ""


def test_no_secret_stands_in_the_log_of_what_admins_changed(client: Client, cast: Cast) -> None:
    set_up(client, cast, chat_url=CHAT)
    history = client.get(reverse("admin:accounts_channelsettings_history", args=[cast.tenant.pk])).content.decode()
    assert "s3cret" not in history


def test_a_test_by_mail_goes_to_the_admin_and_the_page_shows_that_it_arrived(client: Client, cast: Cast, mail_server: MailServer) -> None:
    assert "a test is on its way" in try_out(client, cast, "email")
    assert "Pending" in client.get(page(cast)).content.decode()
    delivery.drain(cast.tenant.pk, "email")
    ((recipients, arrived),) = mail_server.received
    assert (recipients, arrived["Subject"]) == ([cast.admin.email], "A test from tamdash")
    assert f"<strong>Delivered</strong>. {cast.admin.email}" in client.get(page(cast)).content.decode()


def test_a_test_of_the_chat_shows_why_it_failed(client: Client, cast: Cast, webhook: Webhook, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS, webhook.status = True, 404
    set_up(client, cast, chat_url=webhook.address)
    User.objects.filter(pk=cast.admin.pk).update(chat_url=CHAT)  # their own is not what is tried
    try_out(client, cast, "chat")
    delivery.drain(cast.tenant.pk, "chat")
    assert len(webhook.received) == 1
    assert "<strong>Failed</strong>. The webhook knows no such address (404)" in client.get(page(cast)).content.decode()


def test_a_test_wakes_a_worker_and_a_second_press_waits_for_the_first(
    client: Client, cast: Cast, told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        try_out(client, cast, "event_bus")
    assert told() == [("accounts.tasks.deliver_notifications", [cast.tenant.pk, "event_bus"])]
    assert "on its way already" in try_out(client, cast, "event_bus")
    assert Notification.objects.filter(kind="test").count() == 1


def test_nobody_tries_another_tenants_channels(client: Client, cast: Cast) -> None:
    foreign = cast.stranger.tenant.pk
    assert client.post(reverse("admin:accounts_channelsettings_test", args=[foreign, "email"])).status_code == 404
    assert client.post(reverse("admin:accounts_channelsettings_test", args=[cast.tenant.pk, "fax"])).status_code == 404
    assert client.get(reverse("admin:accounts_channelsettings_test", args=[cast.tenant.pk, "email"])).status_code == 405
    manager = Client()
    manager.force_login(cast.manager, backend=BACKEND)
    assert manager.post(reverse("admin:accounts_channelsettings_test", args=[cast.tenant.pk, "email"])).status_code == 302
    assert not Notification.objects.exists()


def test_a_persons_own_chat_address_is_entered_kept_and_never_shown(client: Client, cast: Cast) -> None:
    address = reverse("admin:accounts_user_change", args=[cast.rep.pk])
    values = {"email": cast.rep.email, "name": cast.rep.name, "role": "rep", "is_active": "on", "wants_morning_digest": "on"}
    refused = client.post(address, values | {"chat_url": "tgram://s3cret/1"}).content.decode()
    assert "This is no team chat" in refused
    assert "s3cret" not in refused
    assert client.post(address, values | {"chat_url": CHAT}).status_code == 302
    assert client.post(address, values | {"wants_morning_digest": ""}).status_code == 302
    cast.rep.refresh_from_db()
    assert (cast.rep.chat_url, cast.rep.wants_morning_digest) == (CHAT, False)
    html = client.get(address).content.decode()
    assert "Set: leave empty to keep it." in html
    assert "s3cret" not in html


def failed(cast: Cast, **values: Any) -> Notification:
    now = timezone.now()
    defaults = {"tenant": cast.tenant, "kind": "test", "channel": "email", "recipient": cast.admin, "status": "failed"}
    defaults |= {"next_try_at": now, "created_at": now, "error": "The mail server hung up."}
    return Notification.objects.create(**defaults | values)


def test_what_failed_is_found_and_tried_again(client: Client, cast: Cast) -> None:
    row, arrived = failed(cast), failed(cast, status="delivered", delivered_at=timezone.now(), error="")
    foreign = failed(cast, tenant=cast.stranger.tenant, recipient=cast.stranger)
    address = reverse("admin:accounts_notification_changelist")
    html = client.get(address, {"status__exact": "failed", "channel__exact": "email", "kind__exact": "test"}).content.decode()
    assert html.count("The mail server hung up.") == 1
    chosen = {"action": "try_again", "_selected_action": [row.pk, arrived.pk, foreign.pk]}
    assert "1 is tried again." in client.post(address, chosen, follow=True).content.decode()
    states = Notification.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == ["pending", "delivered", "failed"]
    nothing = client.post(address, {"action": "try_again", "_selected_action": [arrived.pk]}, follow=True).content.decode()
    assert "Nothing was tried again" in nothing


def test_what_went_out_can_be_looked_at_and_not_changed(client: Client, cast: Cast) -> None:
    escalation = make.escalation(make.red_account(cast.tenant, cast.rep, name="Halden Freight"))
    row = Notification.objects.filter(escalation=escalation)[0]
    address = reverse("admin:accounts_notification_change", args=[row.pk])
    assert "Halden Freight" in client.get(address).content.decode()
    assert client.post(address, {"status": "delivered"}).status_code == 403
