"""A message to a team chat, by apprise."""

import contextlib
import logging
import re
import threading
from collections.abc import Iterator

from apprise import NotifyBase, NotifyFormat
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.slack import NotifySlack
from apprise.plugins.webexteams import NotifyWebexTeams
from apprise.plugins.workflows import NotifyWorkflows
from apprise.plugins.zulip import NotifyZulip

from accounts.notifications import egress
from accounts.notifications.channels import ChannelError
from accounts.notifications.channels.chat_address import NAMES, PRIVATE, Later, NoChat, plugin_of
from accounts.notifications.channels.chat_text import fitted, neutral
from accounts.notifications.wording import Message

TAKE_TEXT: tuple[type[NotifyBase], ...] = (NotifySlack, NotifyDiscord, NotifyMattermost, NotifyZulip, NotifyJSON)  # the others: Markdown
DOUBLE_LINES = (NotifyWorkflows, NotifyWebexTeams)  # they show a single line break as a space
LONGEST: dict[type[NotifyBase], int] = {NotifyDiscord: 1900}  # characters
LONGEST_ELSEWHERE = 3800
BUSY = 60.0  # seconds to leave a chat alone that has had too much: apprise keeps to itself how many it asked for
TRY_AGAIN = (408, 425, 429)

FAILURES = ("Socket Exception:", "I/O Exception:")
STATUS = re.compile(r"error=(\d{3})\b")
CAUSES = (
    (re.compile(r"timed? ?out", re.IGNORECASE), "did not answer in time"),
    (re.compile(r"refused", re.IGNORECASE), "refused the connection"),
    (re.compile(r"NameResolution|getaddrinfo|not known|resolve", re.IGNORECASE), "has a name that is not known"),
    (re.compile(r"CERTIFICATE_VERIFY_FAILED|SSL", re.IGNORECASE), "has no valid certificate"),
)


def send(url: str, message: Message) -> str:
    """Raises ChannelError. Answers the chat's name and never its address, which is a secret."""
    try:
        plugin = plugin_of(url)
    except NoChat as reason:
        raise ChannelError(str(reason), permanent=True) from None
    kind = type(plugin)
    text = fitted(neutral(f"{message.subject}\n\n{message.text}"), LONGEST.get(kind, LONGEST_ELSEWHERE))
    if kind in DOUBLE_LINES:
        text = re.sub(r"\n+", "\n\n", text)
    as_text = kind in TAKE_TEXT
    try:
        with heard() as said, egress.guarded() as guard:
            # Not through apprise's list of services, which hands the work to other threads: those would be unguarded.
            taken = plugin.notify(text, body_format=NotifyFormat.TEXT if as_text else None, body_passthrough=not as_text)
    except Later as later:
        raise ChannelError(f"{NAMES[kind]} asks to wait.", permanent=False, retry_after=later.seconds) from None
    except OverflowError:  # of the time until which to wait
        raise ChannelError(f"{NAMES[kind]} asks to wait for longer than there is time.", permanent=False, retry_after=BUSY) from None
    except TimeoutError:
        raise ChannelError(f"{NAMES[kind]} took longer than {egress.LONGEST:g} seconds.", permanent=False) from None
    if not taken:
        raise failure(NAMES[kind], said, guard)
    return NAMES[kind]


def failure(name: str, said: list[str], guard: egress.Guard) -> ChannelError:
    """What went wrong, in our own words: apprise's hold addresses."""
    if guard.refused:
        return ChannelError(PRIVATE, permanent=True)
    statuses = [int(found[1]) for line in said if (found := STATUS.search(line))]
    if statuses:
        return answered(name, statuses[-1])
    cause = next((words for pattern, words in CAUSES for line in said if pattern.search(line)), "did not take the message")
    return ChannelError(f"{name} {cause}.", permanent=False)


def answered(name: str, status: int) -> ChannelError:
    if status == 429:
        return ChannelError(f"{name} has had too many messages (429).", permanent=False, retry_after=BUSY)
    if status in (401, 403):
        return ChannelError(f"{name} does not let tamdash in ({status}): the address or its token is no longer valid.", permanent=True)
    if status in (404, 410):
        return ChannelError(f"{name} knows no such address ({status}): the webhook or channel is gone.", permanent=True)
    if 300 <= status < 400:
        return ChannelError(f"{name} is elsewhere ({status}): enter the address it leads to.", permanent=True)
    if status == 200:
        return ChannelError(f"{name} answered, but did not take the message.", permanent=False)
    return ChannelError(f"{name} did not take the message ({status}).", permanent=400 <= status < 500 and status not in TRY_AGAIN)


@contextlib.contextmanager
def heard() -> Iterator[list[str]]:
    """What apprise notes in this thread meanwhile: it swallows what went wrong. The settings keep it out of tamdash's own log."""
    handler = Listener()
    logger = logging.getLogger("apprise")
    logger.addHandler(handler)
    try:
        yield handler.said
    finally:
        logger.removeHandler(handler)


class Listener(logging.Handler):
    """Hears failures alone: among what else is noted is the message, in which a name could look like one."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread and (record.levelno >= logging.WARNING or record.getMessage().startswith(FAILURES)):
            self.said.append(record.getMessage())
