"""A mail backend that writes each mail as a file of its own, which mail programs open. For the demo, and to look at what goes out."""

from collections.abc import Sequence
from email.utils import unquote as bare
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Into the folder `EMAIL_FILE_PATH`, closed to everybody else. A repeated mail, by its Message-ID, takes the place of the first."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail in email_messages:
            message = mail.message()
            name = f"{mail.to[0]} {bare(message['Message-ID'])}.eml"
            file = folder / name.replace("/", "")
            file.touch(mode=0o600)
            file.write_bytes(message.as_bytes())
        return len(email_messages)
