"""The chat channel, against a real HTTP server: each way it can fail, and which addresses are taken at all."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ChannelSettings, Notification
from accounts.notifications import delivery, egress
from accounts.notifications.channels import ChannelError, chat, chat_address
from accounts.notifications.channels.chat_address import SCHEMAS
from accounts.notifications.channels.chat_text import fitted, neutral
from accounts.notifications.wording import Message
from tests import make
from tests.conftest import Cast
from tests.webhooks import Webhook, closed_port, webhook

__all__ = ["closed_port", "webhook"]
MESSAGE = Message("Halden is Red: 34", "Turned Red.\n\nOpen ESC-5:\nhttp://127.0.0.1:8000/escalations/5/", "<p>Turned Red.</p>")


@pytest.fixture
def reachable(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True


def drained(cast: Cast, chat_url: str, **account: str) -> Notification:
    """One alert by chat after its first attempt."""
    ChannelSettings.objects.create(tenant=cast.tenant, chat_url=chat_url, event_bus_enabled=False)
    make.escalation(make.red_account(cast.tenant, cast.rep, **account))
    delivery.drain(cast.tenant.pk, "chat")
    return Notification.objects.get(channel="chat")


def test_an_alert_arrives_in_the_chat(cast: Cast, webhook: Webhook, reachable: None) -> None:
    row = drained(cast, webhook.address)
    (path, sent) = webhook.received[0]
    assert path == "/hook/s3cret"
    assert "is Red: 25" in sent["message"]
    assert (row.status, row.attempts, row.error, row.detail) == ("delivered", 1, "", "The webhook")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"status": 429}, "pending", "The webhook has had too many messages (429)."),
        ({"status": 500}, "pending", "The webhook did not take the message (500)."),
        ({"status": 503}, "pending", "The webhook did not take the message (503)."),
        ({"status": 400}, "failed", "The webhook did not take the message (400)."),
        ({"status": 403}, "failed", "The webhook does not let tamdash in (403): the address or its token is no longer valid."),
        ({"status": 404}, "failed", "The webhook knows no such address (404): the webhook or channel is gone."),
        ({"status": 410}, "failed", "The webhook knows no such address (410): the webhook or channel is gone."),
        (
            {"status": 302, "headers": {"Location": "/elsewhere"}},
            "failed",
            "The webhook is elsewhere (302): enter the address it leads to.",
        ),
    ],
)
def test_what_the_chat_answers_decides_whether_it_is_tried_again(
    cast: Cast, webhook: Webhook, reachable: None, answer: dict[str, Any], status: str, error: str
) -> None:
    for name, value in answer.items():
        setattr(webhook, name, value)
    row = drained(cast, webhook.address)
    assert (row.status, row.error) == (status, error)
    assert len(webhook.received) == 1


def test_a_chat_that_has_had_too_much_is_left_alone_for_a_minute(cast: Cast, webhook: Webhook, reachable: None) -> None:
    webhook.status = 429
    assert drained(cast, webhook.address).next_try_at > timezone.now() + timedelta(seconds=50)


def test_a_chat_that_says_for_how_long_is_left_alone_for_that_long(
    cast: Cast, webhook: Webhook, reachable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SCHEMAS["discord"], "notify_url", webhook.url)
    until = timezone.now() + timedelta(minutes=20)
    webhook.status, webhook.headers = 429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{until:%s}"}
    row = drained(cast, "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js")
    assert (row.status, row.error) == ("pending", "Discord asks to wait.")
    assert row.next_try_at > timezone.now() + timedelta(minutes=19)


def test_a_chat_that_refuses_connections_is_tried_again(cast: Cast, closed_port: int, reachable: None) -> None:
    row = drained(cast, f"json://127.0.0.1:{closed_port}/hook/s3cret")
    assert (row.status, row.error) == ("pending", "The webhook refused the connection.")


def test_a_name_that_reads_like_a_failure_decides_nothing(cast: Cast, closed_port: int, reachable: None) -> None:
    row = drained(cast, f"json://127.0.0.1:{closed_port}/hook", name="Socket Exception: timed out, error=404.")
    assert (row.status, row.error) == ("pending", "The webhook refused the connection.")


def test_a_chat_that_does_not_answer_is_given_up_in_time(
    cast: Cast, webhook: Webhook, reachable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_address, "TIMEOUT", 0.3)
    webhook.hangs = True
    row = drained(cast, f"{webhook.address}?rto=600&cto=600")
    assert (row.status, row.error) == ("pending", "The webhook did not answer in time.")


def test_a_chat_that_answers_a_byte_at_a_time_is_given_up_in_time(
    cast: Cast, webhook: Webhook, reachable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "LONGEST", 0.4)
    webhook.drips = True
    row = drained(cast, webhook.address)
    assert (row.status, row.error) == ("pending", "The webhook took longer than 0.4 seconds.")


def test_a_private_chat_is_refused_for_good_unless_the_operator_allows_it(cast: Cast, webhook: Webhook) -> None:
    row = drained(cast, f"json://localhost:{webhook.port}/hook")
    assert (row.status, row.error) == ("failed", chat_address.PRIVATE)
    assert webhook.received == []


# For each chat: an address, and where apprise keeps the host that it goes to.
CHATS = {
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts": ("slack", "webhook_url", "{url}/slack"),
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": ("slack", "webhook_url", "{url}/slack"),
    "gchat://space/key/token": ("gchat", "notify_url", "{url}/{{workspace}}"),
    "https://chat.googleapis.com/v1/spaces/AAA/messages?key=k&token=t": ("gchat", "notify_url", "{url}/{{workspace}}"),
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": ("discord", "notify_url", "{url}"),
    "wxteams://" + "a" * 80: ("wxteams", "notify_url", "{url}/webex/"),
    "zulip://bot@organisation/" + "a" * 32 + "/alerts": ("zulip", "notify_url", "{url}/zulip"),
    "mmost://{host}/3ccdd113474722377935511fc85d3dd4": ("mmost", "", ""),
    "rocket://webhook/{token}@{host}/#alerts": ("rocket", "", ""),
    "json://{host}/hook": ("json", "", ""),
}


ONLY_TLS = "workflows://{host}/e07fe7/iXKabcdefghijklmnop"


def address(wanted: str, host: str, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the chat has a host of its own, that is on this machine too."""
    schema, attribute, place = CHATS.get(wanted, ("", "", ""))
    if attribute:
        monkeypatch.setattr(SCHEMAS[schema], attribute, place.format(url=f"http://{host}"))
    return wanted.format(host=host, token="a" * 30)


@pytest.mark.parametrize("wanted", CHATS)
def test_every_chat_takes_a_message(wanted: str, webhook: Webhook, reachable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    chat.send(address(wanted, f"127.0.0.1:{webhook.port}", webhook, monkeypatch), MESSAGE)
    (_, sent) = webhook.received[0]
    text = str(sent)
    assert "Halden is Red: 34" in text or "Halden+is+Red%3A+34" in text
    assert "escalations" in text
    assert "#alerts" in text or "#alerts" not in wanted


@pytest.mark.parametrize("wanted", [*CHATS, ONLY_TLS])
def test_no_chat_gets_round_the_guard(wanted: str, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a name, as far as anybody can tell before it is resolved."""
    with pytest.raises(ChannelError, match="private network") as refused:
        chat.send(address(wanted, f"localhost:{webhook.port}", webhook, monkeypatch), MESSAGE)
    assert refused.value.permanent
    assert webhook.received == []


def test_nothing_secret_is_logged_or_told(webhook: Webhook, reachable: None, capfd: pytest.CaptureFixture[str]) -> None:
    webhook.status, webhook.body = 404, b"no_service s3cret"
    with pytest.raises(ChannelError) as refused:
        chat.send(webhook.address, MESSAGE)
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in "".join(capfd.readouterr())


def test_no_address_weakens_the_sending() -> None:
    plugin = chat_address.plugin_of("jsons://chat.example/hook?cto=600&rto=600&redirect=yes&overflow=split&store=yes&format=markdown")
    assert plugin.request_timeout == (chat_address.TIMEOUT, chat_address.TIMEOUT)
    assert (plugin.redirects, plugin.verify_certificate, str(plugin.store.mode.value)) == (False, True, "memory")


@pytest.mark.parametrize("url", [*(url for url in CHATS if "{" not in url), "jsons://8.8.8.8/hook", "mmosts://chat.example/" + "a" * 24])
def test_an_address_of_a_team_chat_is_taken(url: str) -> None:
    assert chat_address.explain(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mailto://petra:secret@customer.example", "no team chat"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544", "no team chat"),
        ("twilio://AC735c307c62944b5a/e29dfbcebf390dee9/12025551234", "no team chat"),
        ("syslog://", "no team chat"),
        ("file:///etc/passwd", "no team chat"),
        ("dbus://", "no team chat"),
        ("matrixs://token@matrix.example/#room", "no team chat"),
        ("slack", "no team chat"),
        ("http://chat.example/hook", "no team chat"),
        ("https://chat.example/hook", "write jsons:// instead of https://"),
        ("slack://token", "One for Slack is https://hooks.slack.com/services/"),
        ("zulip://x", "One for Zulip is zulip://"),
        ("json://", "One for the webhook is jsons://"),
        ("jsons://chat.example/hook?verify=no", "Leave out “verify=”: certificates are always checked."),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd&blocks=yes", "Leave out “template=”"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#a/#b", "Name one channel or room."),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/petra@customer.example", "not a mail address"),
        ("json://127.0.0.1/hook", "private network"),
        ("jsons://[::1]/hook", "private network"),
        ("jsons://169.254.169.254/latest", "private network"),
    ],
)
def test_an_address_that_is_no_team_chat_is_refused_in_a_sentence(url: str, words: str) -> None:
    reason = chat_address.explain(url)
    assert words in reason
    assert "secret" not in reason
    with pytest.raises(ChannelError) as refused:
        chat.send(url, MESSAGE)
    assert refused.value.permanent


def test_a_name_that_is_markup_or_a_mention_is_text_in_the_chat(webhook: Webhook, reachable: None) -> None:
    hostile = "<!channel> @everyone @[x](http://evil.example) <http://evil.example|Slack> *b* `c` ![i](//evil) _i_ www.evil.example"
    chat.send(webhook.address, Message(hostile, f"About {hostile}\nhttp://127.0.0.1:8000/escalations/5/", ""))
    text = webhook.received[0][1]["message"]
    for live in ("<", ">", "@everyone", "](", "http://evil", "|", "*", "`", " _", "www.evil"):
        assert live not in text, live
    assert "everyone" in text
    assert text.endswith("http://127.0.0.1:8000/escalations/5/")


def test_an_address_that_only_begins_like_ours_is_no_link() -> None:
    for hostile in ("http://127.0.0.1:8000.evil.example/", "http://127.0.0.1:8000@evil.example/"):
        assert "http://" not in neutral(hostile)


def test_a_long_message_is_cut_between_lines_and_keeps_its_link() -> None:
    lines = [f"- Account {number}: Red" for number in range(200)]
    text = fitted("\n".join([*lines, "http://127.0.0.1:8000/escalations/"]), 1000)
    assert len(text) <= 1000
    assert text.startswith("- Account 0: Red\n")
    *kept, more, link = text.split("\n")
    assert set(kept) <= set(lines)
    assert (more, link) == ("…", "http://127.0.0.1:8000/escalations/")
    assert len(fitted("x" * 5000, 1000)) <= 1000
