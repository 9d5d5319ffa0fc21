"""What holds of every channel's failure, whatever the other side answered."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.notifications.channels import ChannelError, chat
from accounts.notifications.channels.chat_address import SCHEMAS
from accounts.notifications.wording import Message
from tests.webhooks import Webhook, webhook

__all__ = ["webhook"]


@given(st.text())
def test_it_is_one_printable_line(words: str) -> None:
    said = str(ChannelError(f"The server says {words}.", permanent=False))
    assert said.isprintable()
    assert said.startswith("The server says")


@given(st.none() | st.floats())
def test_nobody_rests_for_longer_than_an_hour_or_for_no_length_of_time(asked: float | None) -> None:
    rest = ChannelError("Too many.", permanent=False, retry_after=asked).retry_after
    assert rest == (min(asked, 3600) if asked is not None and 0 <= asked < float("inf") else None)


@pytest.mark.parametrize(("days", "most"), [(1, 3600), (10**6, 3600), (10**30, 60)])
def test_a_chat_that_asks_for_ages_is_asked_again_all_the_same(
    webhook: Webhook, settings: Settings, monkeypatch: pytest.MonkeyPatch, days: int, most: float
) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    monkeypatch.setattr(SCHEMAS["discord"], "notify_url", webhook.url)
    until = int(timezone.now().timestamp()) + days * 24 * 3600
    webhook.status, webhook.headers = 429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(until)}
    with pytest.raises(ChannelError, match="asks to wait") as caught:
        chat.send("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", Message("Halden is Red", "Open ESC-5", ""))
    assert (caught.value.permanent, caught.value.retry_after) == (False, most)
