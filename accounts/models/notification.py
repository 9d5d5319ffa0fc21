"""The outbox: what people and other systems are to be told, a row a channel and recipient; and how a tenant's channels are set up."""

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models.escalation import Escalation
from accounts.models.health import ScanRun
from accounts.models.people import Tenant, TenantQuerySet, User
from tamdash.encrypted import EncryptedTextField


class Channel(models.TextChoices):
    """The keys of `EscalationNotificationResult.channels`."""

    NOTION = "notion", "Notion"
    EVENT_BUS = "event_bus", "Event bus"
    EMAIL = "email", "Email"
    CHAT = "chat", "Chat"


class ChannelSettings(models.Model):
    """How a tenant's alerts go out. A tenant without a row has no more than the channels that need no set-up."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="channels")
    email_enabled = models.BooleanField("email", default=True, help_text="Needs a mail server, which whoever runs tamdash sets up.")
    event_bus_enabled = models.BooleanField("event bus", default=True, help_text="The Redis stream that other software reads.")
    chat_url = EncryptedTextField("chat address", blank=True, help_text="Such as slack://…, gchat://…, workflows://…")
    notion_token = EncryptedTextField("Notion token", blank=True, help_text="Of an integration that may edit the accounts' pages.")
    notion_data_source = models.CharField(
        "Notion data source",
        max_length=36,
        blank=True,
        validators=[RegexValidator(r"^[0-9a-fA-F-]{32,36}$", "The 32 hexadecimal digits of the data source's id.")],
        help_text="Where pages are made for accounts that have none. Left empty, those accounts are skipped.",
    )

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "channels"

    def __str__(self) -> str:
        return f"Channels of {self.tenant}"

    @classmethod
    def of(cls, tenant: Tenant) -> "ChannelSettings":
        return cls.objects.filter(tenant=tenant).first() or cls(tenant=tenant)


class Notification(models.Model):
    """One message to one recipient over one channel. `key` goes out with it, so that whoever takes it can tell a repeat.

    One that is `carried_by` a digest is not sent itself: it shares the digest's fate. Escalation and recipient are held to the tenant by
    keys of two columns, which spare the plain ones; a scan may write hundreds of thousands.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        WORSENED = "worsened", "Turned Red"
        ASSIGNED = "assigned", "Assigned"
        DIGEST = "digest", "Digest"
        MORNING = "morning", "Morning digest"
        TEST = "test", "Test"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="notifications", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    channel = models.CharField(max_length=9, choices=Channel)
    recipient = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="None: not for one person.",
    )
    escalation = models.ForeignKey(
        Escalation, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications", db_index=False, db_constraint=False
    )
    scan = models.ForeignKey(
        ScanRun, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    carried_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="carried", db_index=False, db_constraint=False
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="Not before then.")
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When a worker took it to send it.")
    delivered_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed, or why it was skipped.")
    detail = models.CharField(max_length=300, blank=True, help_text="Where it arrived.")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "kind", "channel", "recipient"],
                condition=Q(kind__in=("opened", "worsened")),
                nulls_distinct=False,
                name="one_notification_per_occasion",
            ),
            models.UniqueConstraint(
                fields=["scan", "kind", "channel", "recipient"],
                condition=Q(kind__in=("digest", "morning"), scan__isnull=False),
                name="one_digest_per_scan",
            ),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False) | (~Q(status="delivered") & Q(delivered_at=None)),
                name="notification_delivered_at_iff_delivered",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("opened", "worsened", "assigned"), escalation__isnull=False)
                | Q(kind__in=("digest", "morning", "test"), escalation=None, carried_by=None),
                name="notification_of_an_escalation_names_it",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "channel", "next_try_at", "id"],
                condition=Q(status="pending", carried_by=None),
                name="notification_due",
            ),
            models.Index(fields=["claimed_at"], condition=Q(status="sending"), name="notification_being_sent"),
            models.Index(fields=["escalation", "id"], name="notification_by_escalation"),
            models.Index(fields=["carried_by"], condition=Q(carried_by__isnull=False), name="notification_by_digest"),
            models.Index(fields=["tenant", "status", "-id"], name="notification_by_status"),
            models.Index(fields=["tenant", "created_at"], name="notification_by_day"),
            models.Index(fields=["tenant", "-id"], condition=Q(kind="test"), name="notification_tests"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_channel_display().lower()}"
