"""Workers that die and workers that meet, in earnest: there is one message in the end."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from communications import placing
from communications.models import Mailbox, Placement
from communications.tasks import sweep_mailboxes
from tests import make
from tests.drafting import reviewed
from tests.imap_server import ImapServer
from tests.placed import approve, change, mailbox_of, placement
from tests.test_drafts import at_once
from tests.worker import wait_until, workers

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def between(port: int, seen: threading.Event) -> Iterator[int]:
    """A way to the server that stops the answers for good, once the message was handed over and taken: its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def pass_on(source: socket.socket, target: socket.socket, *, answers: bool) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    if answers and b"APPENDUID" in data and not seen.is_set():
                        seen.set()
                        return
                    target.sendall(data)

        def take() -> None:
            with suppress(OSError):
                while True:
                    client, server = listening.accept()[0], socket.create_connection(("127.0.0.1", port))
                    threading.Thread(target=pass_on, args=(client, server), kwargs={"answers": False}, daemon=True).start()
                    threading.Thread(target=pass_on, args=(server, client), kwargs={"answers": True}, daemon=True).start()

        threading.Thread(target=take, daemon=True).start()
        yield int(listening.getsockname()[1])


def test_a_worker_killed_after_the_message_was_taken_leaves_one_in_the_end(imap_server: ImapServer) -> None:
    tenant = make.tenant()
    rep = make.user(tenant)
    row = make.draft(make.account(tenant, rep), subject="First")
    taken = threading.Event()
    environment = {"TAMDASH_SECRET_KEY": settings.SECRET_KEY, "TAMDASH_ALLOW_PRIVATE_URLS": "1"}
    with mailbox_of(rep, imap_server) as inbox, between(imap_server.port, taken) as port, workers(**environment) as start:
        Mailbox.objects.update(port=port)
        worker = start()
        approve(row, rep)
        assert taken.wait(60)
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(20) == -signal.SIGKILL
        assert inbox.subjects() == ["First"]
        assert (placement(row).status, reviewed(row).status) == ("placing", "approved")

        Placement.objects.update(claimed_at=timezone.now() - placing.LEASE - timedelta(seconds=1))
        start()
        sweep_mailboxes()
        wait_until(lambda: placement(row).status == "placed")
        assert inbox.subjects() == ["First"]
        assert reviewed(row).status == "delivered"
        assert placement(row).attempts == 2
        change(row, rep, "Second")
        approve(row, rep)
        wait_until(lambda: reviewed(row).status == "delivered")
        assert inbox.subjects() == ["Second"]


def test_two_workers_at_once_place_one_message(imap_server: ImapServer) -> None:
    tenant = make.tenant()
    rep = make.user(tenant)
    row = make.draft(make.account(tenant, rep), subject="First")
    with mailbox_of(rep, imap_server) as inbox:
        approve(row, rep)
        assert at_once(*[lambda: placing.place(row.pk)] * 3) == [None] * 3
        assert inbox.subjects() == ["First"]
    assert placement(row).attempts == 1
    assert list(reviewed(row).events.filter(status="delivered").values_list("actor", flat=True)) == [None]


def test_two_clicks_on_approve_place_one_message(imap_server: ImapServer) -> None:
    tenant = make.tenant()
    rep = make.user(tenant)
    row = make.draft(make.account(tenant, rep), subject="First")
    with mailbox_of(rep, imap_server) as inbox:
        first, second = at_once(*[lambda: approve(row, rep)] * 2)
        assert [isinstance(one, Exception) for one in (first, second)].count(True) <= 1
        placing.place(row.pk)
        placing.place(row.pk)
        assert inbox.subjects() == ["First"]
