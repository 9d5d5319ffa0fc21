"""What people type about their mailbox. A secret goes in and never comes out."""

from typing import Any

from django import forms
from django.conf import settings

from accounts.forms import RowForm
from communications.models import Mailbox

Kind, Security = Mailbox.Kind, Mailbox.Security
IMAP = ("host", "port", "security", "sign_in", "username", "secret", "folder")
# Who changes one of these could have the secret sent to a server of their own.
SECRET_GOES_WITH = ("kind", "host", "port", "security", "sign_in", "username")


class MailboxForm(RowForm):
    secret = forms.CharField(
        label="Password or access token",
        required=False,
        max_length=4000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Kept encrypted, and shown to nobody. Where you sign in with a second step, it takes an app password.",
    )

    class Meta:
        model = Mailbox
        fields = ["kind", "address", *IMAP]
        widgets = {"kind": forms.RadioSelect}
        help_texts = {
            "host": "Such as imap.gmail.com, outlook.office365.com, imap.mail.me.com or imap.fastmail.com.",
            "port": "993 with TLS, 143 with STARTTLS.",
            "username": "Your mail address, as a rule.",
            "address": "Who your mails are from. Empty: the address you sign in with.",
            "folder": "Empty: the one that your mail server marks as the one for drafts.",
        }

    def __init__(self, data: Any = None, *, instance: Mailbox) -> None:
        super().__init__(data, instance=instance)
        self.before = {name: getattr(instance, name) for name in SECRET_GOES_WITH}
        self.kept = instance.secret
        self.initial.pop("secret", None)
        # Gmail is chosen by connecting it.
        kinds = [one for one in Kind.choices if one[0] != Kind.GMAIL or instance.kind == Kind.GMAIL]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]  # a field of choices
        if not settings.ALLOW_PRIVATE_URLS:
            self.fields["security"].choices = [one for one in Security.choices if one[0] != Security.NONE]  # type: ignore[attr-defined]  # the same
        for name in IMAP:
            self.fields[name].required = False

    @property
    def imap_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in IMAP]

    @property
    def has_secret(self) -> bool:
        return bool(self.kept)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        given["port"] = given.get("port") or 993
        given["security"] = given.get("security") or Security.TLS
        given["sign_in"] = given.get("sign_in") or Mailbox.SignIn.PASSWORD
        if given.get("kind") == Kind.IMAP:
            self.check_imap(given)
        return given

    def check_imap(self, given: dict[str, Any]) -> None:
        if not given.get("host") and "host" not in self.errors:
            self.add_error("host", "The server is empty. Type the name of your IMAP server.")
        if not given.get("username") and "username" not in self.errors:
            self.add_error("username", "The user name is empty. It is your mail address, as a rule.")
        if given.get("secret"):
            return
        if not self.kept:
            self.add_error("secret", "The password is empty. Type it, or choose a file instead.")
        elif self.is_elsewhere(given):
            self.add_error("secret", "Type the password again: it is not handed to another server or user name without you.")

    def is_elsewhere(self, given: dict[str, Any]) -> bool:
        return any(self.before[name] != given.get(name) for name in SECRET_GOES_WITH)

    def keep(self) -> Mailbox:
        """A file needs no secret, so that it is forgotten. What was tested is no longer what is there."""
        row: Mailbox = self.instance
        row.secret = "" if row.kind == Kind.EML else self.cleaned_data.get("secret") or self.kept
        if self.is_elsewhere(self.cleaned_data) or row.secret != self.kept or "folder" in self.changed_data:
            row.test_asked_at, row.tested_at, row.test_ok, row.test_says = None, None, False, ""
        row.save()
        return row
