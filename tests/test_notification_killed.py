"""A worker killed while it sends, in earnest: the mail got through, nobody could say so, and the next worker goes on."""

import os
import signal
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from accounts import scan
from accounts.models import Notification
from accounts.notifications import delivery
from accounts.tasks import sweep_notifications
from tests import make
from tests.mail_server import MailServer
from tests.worker import wait_until, workers

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_killed_while_sending_loses_nothing_and_its_repeat_can_be_told(mail_server: MailServer, settings: Settings) -> None:
    tenant = make.tenant()
    rep = make.user(tenant)
    take = mail_server.handle_DATA

    async def take_and_kill(server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await take(server, session, envelope)
        os.kill(worker.pid, signal.SIGKILL)
        return answer

    mail_server.handle_DATA = take_and_kill  # type: ignore[method-assign]  # this server's alone
    for _ in range(2):
        make.red_account(tenant, rep)
    mail = f"smtp://127.0.0.1:{mail_server.port}"
    with workers(TAMDASH_EMAIL_URL=mail, TAMDASH_EMAIL_FROM=settings.DEFAULT_FROM_EMAIL, TAMDASH_SECRET_KEY=settings.SECRET_KEY) as start:
        worker = start()
        scan.scan_tenant(tenant)
        assert worker.wait(60) == -signal.SIGKILL
        rows = Notification.objects.filter(channel="email").order_by("pk")
        assert list(rows.values_list("status", "attempts")) == [("sending", 1), ("pending", 0)]

        mail_server.handle_DATA = take  # type: ignore[method-assign]  # as it was
        for row in rows.filter(status="sending"):
            rows.filter(pk=row.pk).update(claimed_at=row.claimed_at - delivery.LEASE - timedelta(seconds=1))
        worker = start()
        sweep_notifications()
        wait_until(lambda: not rows.exclude(status="delivered").exists())
    assert list(rows.values_list("attempts", flat=True)) == [2, 1]
    first, *others = [message["Message-ID"] for _, message in mail_server.received]
    assert others.count(first) == 1, "the repeat carries the same id"
    assert len(set(others)) == 2
