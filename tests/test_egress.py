"""The guard of outgoing connections, against real sockets: what is private is refused, however it is spelt or reached."""

import socket
import threading
import time
from urllib.error import URLError
from urllib.request import urlopen

import httpx
import pytest
import requests
from pytest_django import Settings

from accounts.notifications import egress
from tests.webhooks import Webhook, closed_port, webhook

__all__ = ["closed_port", "webhook"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "2001:db8::1",
        "::ffff:0:10.0.0.1",
        "5f00::1",
        "3fff::1",
        "2002:808:808::",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "localhost",
        "example.com",
        "",
    ],
)
def test_an_address_of_no_use_to_the_public_is_private(host: str) -> None:
    assert not egress.is_public(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_internet_is_public(host: str) -> None:
    assert egress.is_public(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0.0.0.0"])
def test_a_private_server_is_not_reached_by_any_spelling_of_it(webhook: Webhook, host: str) -> None:
    with egress.guarded() as guard, pytest.raises(requests.ConnectionError):
        requests.post(f"http://{host}:{webhook.port}/", timeout=5)
    assert guard.refused
    assert webhook.received == []


def test_no_library_gets_past_it(webhook: Webhook) -> None:
    with egress.guarded(), httpx.Client(timeout=5) as client, pytest.raises(httpx.ConnectError):
        client.post(f"http://localhost:{webhook.port}/")
    with egress.guarded(), pytest.raises(URLError):
        urlopen(f"http://localhost:{webhook.port}/", timeout=5)
    assert webhook.received == []


def test_a_name_given_to_the_socket_itself_is_not_resolved_past_the_guard(webhook: Webhook) -> None:
    with egress.guarded(), socket.socket() as client, pytest.raises(egress.PrivateAddress):
        client.connect(("localhost", webhook.port))


def test_a_local_socket_is_private() -> None:
    with egress.guarded(), socket.socket(socket.AF_UNIX) as client, pytest.raises(egress.PrivateAddress, match="a local socket"):
        client.connect("/tmp/there-is-none")


def test_private_servers_are_reached_where_the_operator_allows_them(webhook: Webhook, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with egress.guarded() as guard:
        assert requests.post(f"{webhook.url}/a", timeout=5).text == "ok"
    assert guard.refused == []


def test_a_redirect_into_a_private_network_ends_there(webhook: Webhook, settings: Settings) -> None:
    webhook.status, webhook.headers = 307, {"Location": f"http://localhost:{webhook.port}/inside"}
    # No test reaches the internet: the operator allows the first hop, and no more by the time it is answered.
    settings.ALLOW_PRIVATE_URLS = True
    webhook.before_answer = lambda: setattr(settings, "ALLOW_PRIVATE_URLS", False)
    with egress.guarded() as guard, pytest.raises(requests.ConnectionError):
        requests.post(f"{webhook.url}/first", timeout=5)
    assert [path for path, _ in webhook.received] == ["/first"]
    assert guard.refused


def test_the_guard_ends_with_its_block_and_is_of_its_thread_alone(webhook: Webhook) -> None:
    with egress.guarded():
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(requests.post(webhook.url, timeout=5).text))
        thread.start()
        thread.join()
    assert answers == ["ok"]
    assert requests.post(webhook.url, timeout=5).text == "ok"


def test_one_guard_within_another_leaves_the_outer_one_standing(webhook: Webhook) -> None:
    with egress.guarded() as outer:
        with egress.guarded():
            pass
        with pytest.raises(requests.ConnectionError):
            requests.post(webhook.url, timeout=5)
    assert outer.refused


def test_a_server_that_answers_a_byte_at_a_time_is_left_when_time_is_up(webhook: Webhook, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS, webhook.drips = True, True
    began = time.monotonic()
    with pytest.raises(OSError), egress.guarded(seconds=0.3) as guard:  # noqa: PT011 (whichever library notices first)
        requests.post(webhook.url, timeout=5)
    assert guard.late
    assert time.monotonic() - began < 4


def test_no_connection_begins_once_time_is_up(webhook: Webhook, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    guard = egress.Guard()
    guard.cut()
    with socket.socket() as client, pytest.raises(TimeoutError):
        guard.check(client, ("127.0.0.1", webhook.port))


def test_no_handle_of_a_connection_is_left_behind(webhook: Webhook, settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with egress.guarded() as guard:
        requests.post(webhook.url, timeout=5)
        held = list(guard.open)
    assert held
    assert all(one.fileno() == -1 for one in held)
