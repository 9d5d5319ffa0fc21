"""Connecting one's mailbox: testing it, and exchanging what Google came back with. Pages ask for it, a worker does it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from communications.mailboxes import MailboxError, doors
from communications.mailboxes.doors import CODE
from communications.models import Mailbox
from tamdash import broker
from tamdash.alone import alone

TEST = "communications.tasks.test_mailbox"
LOST_AFTER = timedelta(seconds=15)
GIVEN_UP_AFTER = timedelta(minutes=10)
NO_ANSWER = "No worker was there to test it. Try again."


def redirect_address() -> str:
    """Where Google leads back to. It has to be entered there, letter for letter."""
    return f"{settings.PUBLIC_URL}{reverse('mailbox-gmail')}"


def ask_for_test(mailbox: Mailbox) -> None:
    """The page shows what came of it. A message that gets lost is found by the sweep."""
    Mailbox.objects.filter(pk=mailbox.pk).update(test_asked_at=timezone.now())
    broker.tell(TEST, mailbox.pk)


def test(user_id: int) -> None:
    """Does what was asked for, once, and notes what came of it for the page."""
    with alone(f"test of the mailbox of user {user_id}") as is_alone:
        mailbox = Mailbox.objects.select_related("user").filter(pk=user_id).first()
        if not is_alone or mailbox is None or not mailbox.is_being_tested:
            return
        has_code = mailbox.secret.startswith(CODE)
        try:
            mailbox.test_says, mailbox.test_ok = connect(mailbox) if has_code else doors.check(doors.account_of(mailbox)), True
        except MailboxError as error:
            mailbox.test_says, mailbox.test_ok = str(error), False
            if has_code:
                mailbox.secret = ""  # Google takes a code once
        values = {name: getattr(mailbox, name) for name in ("test_ok", *(("secret", "username", "address") if has_code else ()))}
        asked = Mailbox.objects.filter(pk=user_id, kind=mailbox.kind, test_asked_at=mailbox.test_asked_at)
        asked.update(tested_at=timezone.now(), test_says=mailbox.test_says[:300], **values)


def connect(mailbox: Mailbox) -> str:
    """Exchanges Google's code for a lasting secret. Raises MailboxError."""
    from communications.mailboxes import gmail_exchange  # a worker's alone, and long to load

    granted = gmail_exchange.exchange(mailbox.secret.removeprefix(CODE), redirect_address())
    mailbox.secret, mailbox.username, mailbox.address = granted.refresh_token, granted.address, granted.address
    return f"Connected to {granted.address}. Drafts are placed in Gmail's Drafts, and a later approval replaces them there."


def sweep(now: datetime) -> None:
    """Wakes a worker for tests that none has answered, and gives up those that nobody waits for any more."""
    unanswered = Mailbox.objects.filter(Q(tested_at=None) | Q(tested_at__lt=F("test_asked_at")), test_asked_at__lt=now - LOST_AFTER)
    for mailbox in unanswered:
        if mailbox.test_asked_at and mailbox.test_asked_at > now - GIVEN_UP_AFTER:
            broker.tell(TEST, mailbox.pk, expires=25)
            continue
        secret = "" if mailbox.secret.startswith(CODE) else mailbox.secret
        asked = unanswered.filter(pk=mailbox.pk, test_asked_at=mailbox.test_asked_at)
        asked.update(tested_at=now, test_ok=False, test_says=NO_ANSWER, secret=secret)
