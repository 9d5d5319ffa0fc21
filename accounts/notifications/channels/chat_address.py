"""Which chat addresses are taken: of team chats, one channel or room each, and nothing in them that weakens the sending.

Nothing that could write to a customer, and nothing that acts on this machine. Matrix is not among them, as it keeps sessions and keys
from one message to the next.
"""

import re
from ipaddress import ip_address
from typing import Any

from apprise import AppriseAsset, NotifyBase, PersistentStoreMode
from apprise.exception import AppriseException
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.google_chat import NotifyGoogleChat
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.rocketchat import NotifyRocketChat
from apprise.plugins.slack import NotifySlack
from apprise.plugins.webexteams import NotifyWebexTeams
from apprise.plugins.workflows import NotifyWorkflows
from apprise.plugins.zulip import NotifyZulip
from django.conf import settings

from accounts.notifications import egress

NAMES: dict[type[NotifyBase], str] = {
    NotifySlack: "Slack",
    NotifyGoogleChat: "Google Chat",
    NotifyWorkflows: "Microsoft Teams",
    NotifyDiscord: "Discord",
    NotifyMattermost: "Mattermost",
    NotifyRocketChat: "Rocket.Chat",
    NotifyWebexTeams: "Webex",
    NotifyZulip: "Zulip",
    NotifyJSON: "The webhook",
}
FORMS = {
    NotifySlack: "https://hooks.slack.com/services/… or slack://token/#channel",
    NotifyGoogleChat: "https://chat.googleapis.com/v1/spaces/…",
    NotifyWorkflows: "https://….logic.azure.com/workflows/… or workflows://host/workflow/signature",
    NotifyDiscord: "https://discord.com/api/webhooks/…",
    NotifyMattermost: "mmosts://host/token",
    NotifyRocketChat: "rockets://webhook@host/#channel",
    NotifyWebexTeams: "https://webexapis.com/v1/webhooks/incoming/…",
    NotifyZulip: "zulip://bot@organisation/token/channel",
    NotifyJSON: "jsons://host/path",
}
SCHEMAS: dict[str, type[NotifyBase]] = {
    "slack": NotifySlack,
    "gchat": NotifyGoogleChat,
    "workflow": NotifyWorkflows,
    "workflows": NotifyWorkflows,
    "discord": NotifyDiscord,
    "mmost": NotifyMattermost,
    "mmosts": NotifyMattermost,
    "rocket": NotifyRocketChat,
    "rockets": NotifyRocketChat,
    "wxteams": NotifyWebexTeams,
    "webex": NotifyWebexTeams,
    "zulip": NotifyZulip,
    "json": NotifyJSON,
    "jsons": NotifyJSON,
}
# Those whose own webhook addresses are taken as they are shown there.
NATIVE = (NotifySlack, NotifyGoogleChat, NotifyWorkflows, NotifyDiscord, NotifyWebexTeams)
REFUSED = {"template": "it would send a file of this machine", "verify": "certificates are always checked"}
OURS = ("cto", "rto", "redirect", "overflow", "store", "retry", "wait", "emojis", "format", "tag", "tz", "optional")
TIMEOUT = 10.0  # seconds to connect, and between two pieces of an answer
EMAIL = re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/]+")
PRIVATE = "The address leads into a private network. Whoever runs tamdash can allow that with TAMDASH_ALLOW_PRIVATE_URLS."


class NoChat(ValueError):
    """No messages can be sent to the address; the text says why, without repeating it."""


class Later(Exception):
    """The chat asks to be left alone for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def explain(url: str) -> str:
    """Why no messages can be sent to the address; empty if they can. Connects to nothing."""
    try:
        plugin_of(url)
    except NoChat as reason:
        return str(reason)
    return ""


def plugin_of(url: str) -> NotifyBase:
    """Ready to send to the address, under our rules whatever the address says. Raises NoChat."""
    kind, parts = parsed(url.strip())
    for name, why in REFUSED.items():
        if name in parts.get("qsd", {}):
            raise NoChat(f"Leave out “{name}=”: {why}.")
    for name in (*REFUSED, *OURS):
        parts.pop(name, None)
    asset = AppriseAsset(
        app_id="tamdash", app_desc="Escalations", app_url=settings.PUBLIC_URL, image_url_mask="", storage_mode=PersistentStoreMode.MEMORY
    )
    try:
        plugin = kind(**parts | {"asset": asset})
    except (AppriseException, TypeError):  # what apprise says of it repeats parts of the address
        raise incomplete(kind) from None
    plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT
    plugin.verify_certificate, plugin.redirects = True, False
    plugin.throttle = no_waiting  # type: ignore[method-assign]  # it would sleep in the worker for as long as the other side likes
    check_target(plugin)
    return plugin


def parsed(url: str) -> tuple[type[NotifyBase], dict[str, Any]]:
    schema = url.partition("://")[0].lower() if "://" in url else ""
    if schema == "https":
        found = [(kind, parts) for kind in NATIVE if (parts := kind.parse_native_url(url))]
        if not found:
            known = "Slack, Google Chat, Microsoft Teams, Discord or Webex"
            raise NoChat(f"This is no webhook of {known}. For one of your own, write jsons:// instead of https://.")
        return found[0]
    if schema not in SCHEMAS:
        raise NoChat(
            f"This is no team chat that tamdash knows. An address starts with https:// or one of {', '.join(f'{s}://' for s in SCHEMAS)}."
        )
    kind = SCHEMAS[schema]
    try:
        parts = kind.parse_url(url.replace("/#", "/%23"))  # a channel, not the end of the address
    except (AppriseException, TypeError, ValueError):
        parts = None
    if not parts:
        raise incomplete(kind)
    return kind, parts


def incomplete(kind: type[NotifyBase]) -> NoChat:
    return NoChat(
        f"Something is missing in this address, or too much. One for {NAMES[kind].lower() if kind is NotifyJSON else NAMES[kind]} is {FORMS[kind]}"
    )


def check_target(plugin: NotifyBase) -> None:
    """One channel, since a repeat would reach those of several again that it had reached already; and no person by mail address."""
    named = [str(target) for places in ("targets", "channels", "rooms", "users") for target in getattr(plugin, places, None) or ()]
    if len(named) > 1:
        raise NoChat("Name one channel or room.")
    if any(EMAIL.search(target) for target in named):
        raise NoChat("Name a channel or room, not a mail address.")
    host = str(getattr(plugin, "host", "") or "").strip("[]")
    if is_number(host) and not settings.ALLOW_PRIVATE_URLS and not egress.is_public(host):
        raise NoChat(PRIVATE)


def is_number(host: str) -> bool:
    """Whether it can be judged now; a name is judged when it is connected to."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def no_waiting(last_io: object = None, wait: float | None = None) -> None:
    """In place of apprise's own waiting: the outbox waits, and lets other messages pass meanwhile."""
    if wait:
        raise Later(wait)
