"""A person's mailbox, and where in it a draft lies."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import User
from communications.models.draft import Communication
from tamdash.encrypted import EncryptedTextField


class Mailbox(models.Model):
    """Where a person's approved drafts go. Who has no row gets a file to download."""

    class Kind(models.TextChoices):
        EML = "eml", "A file that my mail program opens"
        IMAP = "imap", "IMAP"
        GMAIL = "gmail", "Gmail"

    class Security(models.TextChoices):
        TLS = "tls", "TLS"
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", "None"

    class SignIn(models.TextChoices):
        PASSWORD = "password", "Password or app password"
        XOAUTH2 = "xoauth2", "Access token (XOAUTH2)"

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="mailbox")
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.EML)
    address = models.EmailField(blank=True, help_text="Who the mails are from. Empty: the address you sign in with.")
    host = models.CharField("server", max_length=253, blank=True)
    port = models.PositiveIntegerField(default=993, validators=[MinValueValidator(1), MaxValueValidator(65535)])
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    sign_in = models.CharField(max_length=8, choices=SignIn, default=SignIn.PASSWORD)
    username = models.CharField(max_length=254, blank=True)
    secret = EncryptedTextField(blank=True, help_text="A password, an access token, or Google's refresh token.")
    folder = models.CharField(max_length=200, blank=True, help_text="Of the drafts. Empty: the one that the server marks so.")
    test_asked_at = models.DateTimeField(null=True, blank=True)
    tested_at = models.DateTimeField(null=True, blank=True)
    test_ok = models.BooleanField(default=False)
    test_says = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "mailboxes"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.user}"

    @classmethod
    def of(cls, user: User) -> "Mailbox":
        return cls.objects.filter(user=user).first() or cls(user=user)

    @property
    def is_file(self) -> bool:
        return self.kind == self.Kind.EML

    @property
    def sender(self) -> str:
        """Who the mails are from."""
        return self.address or self.user.email

    @property
    def is_being_tested(self) -> bool:
        return self.test_asked_at is not None and (self.tested_at is None or self.tested_at < self.test_asked_at)


class Placement(models.Model):
    """Where a draft lies in somebody's mailbox, or is to be put: one a draft, brought up to date by each approval.

    `found` says what the person did with it there meanwhile; then it is `held`, and nothing is overwritten until somebody decides.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        PLACING = "placing", "Being placed"
        PLACED = "placed", "In the mailbox"
        HELD = "held", "Held back"
        FAILED = "failed", "Failed"

    class Found(models.TextChoices):
        EDITED = "edited", "Changed in the mailbox"
        SENT = "sent", "Sent from the mailbox"
        GONE = "gone", "Deleted from the mailbox"

    communication = models.OneToOneField(Communication, on_delete=models.CASCADE, primary_key=True, related_name="placement")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Whose mailbox.")
    kind = models.CharField(max_length=5, choices=Mailbox.Kind)
    status = models.CharField(max_length=7, choices=Status, default=Status.PENDING)
    place = models.JSONField(default=dict, blank=True, help_text="Where it lies, as the mailbox's door left it.")
    found = models.CharField(max_length=6, choices=Found, blank=True)
    overwrite = models.BooleanField(default=False, help_text="Somebody decided to put it there whatever was found.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Not before then.")
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When a worker took it.")
    placed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(status__in=("pending", "placed"), next_try_at__isnull=False), name="placement_due"
            ),
            models.Index(fields=["claimed_at"], condition=Q(status="placing"), name="placement_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.communication} in {self.user}’s mailbox"
