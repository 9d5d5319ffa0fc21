"""What ticket systems send and how it is read: mappings, the doors they knock at, the raw events, files and pulls."""

import uuid
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models.people import Tenant, TenantQuerySet, User
from accounts.models.profile import Account
from tamdash.encrypted import EncryptedTextField


class TicketSystem(models.TextChoices):
    """The systems that tamdash can read."""

    JIRA = "jira", "Jira"
    ZENDESK = "zendesk", "Zendesk"
    KAYAKO = "kayako", "Kayako"
    SERVICENOW = "servicenow", "ServiceNow"
    GENERIC = "generic", "Ticket feed"


class SourceMapping(models.Model):
    """How a tenant reads one system's words, where that differs from the defaults of `accounts.sources`. Words in lower case."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="source_mappings", db_index=False)
    source = models.CharField(max_length=20, choices=TicketSystem)
    priorities = models.JSONField(default=dict, blank=True, help_text="Word of the source: 1 to 4.")
    statuses = models.JSONField(default=dict, blank=True, help_text="Word of the source: open, pending, resolved or closed.")
    account_by = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="Which of a ticket's values name its account, the best first. Empty: the source's default.",
    )
    changed_at = models.DateTimeField(auto_now=True)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When past tickets were last brought up to it.")

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["source"]
        constraints = [models.UniqueConstraint(fields=["tenant", "source"], name="one_mapping_per_source")]

    def __str__(self) -> str:
        return self.get_source_display()


class AccountKey(models.Model):
    """A value of a source's tickets that means an account: mapped once, for all past and future ones."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="account_keys", db_index=False)
    source = models.CharField(max_length=20, choices=TicketSystem)
    key = models.CharField(max_length=200, help_text="kind:value, as in “organization:aldermoor”, in lower case.")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="ticket_keys")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["source", "key"]
        constraints = [models.UniqueConstraint(fields=["tenant", "source", "key"], name="one_account_per_key")]

    def __str__(self) -> str:
        return f"{self.key} is {self.account}"


class HookTokenQuerySet(TenantQuerySet):
    def usable(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class HookToken(models.Model):
    """A door for one system's webhooks: `/hooks/<source>/<token>`. The token is shown once and kept as its SHA-256 only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="hook_tokens")
    source = models.CharField(max_length=20, choices=TicketSystem)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the token, as hex.")
    hint = models.CharField(max_length=8, editable=False, help_text="The token's last characters, to tell one from another.")
    secret = EncryptedTextField(blank=True, help_text="What the source signs with. Empty: its events are not signed.")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="An old token's last moment, after a new one took its place.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = HookTokenQuerySet.as_manager()

    class Meta:
        ordering = ["source", "-id"]
        verbose_name = "webhook address"
        verbose_name_plural = "webhook addresses"

    def __str__(self) -> str:
        return f"{self.get_source_display()} …{self.hint}"


class InboundEventQuerySet(TenantQuerySet):
    def waiting(self, now: datetime) -> Self:
        return self.filter(status="waiting", next_try_at__lte=now)


class InboundEvent(models.Model):
    """A webhook's body as it came. Kept until it is understood; what cannot be is shown, and replayed after the mapping was mended."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Not understood"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="inbound_events", db_index=False)
    source = models.CharField(max_length=20, choices=TicketSystem)
    token = models.ForeignKey(HookToken, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    received_at = models.DateTimeField()
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField()
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    kind = models.CharField(max_length=80, blank=True, db_default="", help_text="The source's own name of it.")
    ticket = models.CharField(max_length=120, blank=True, db_default="", help_text="The ticket's external id.")
    error = models.CharField(max_length=500, blank=True, db_default="", help_text="Why it was not understood, or ignored.")
    processed_at = models.DateTimeField(null=True, blank=True)

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status="waiting"), name="inbound_waiting"),
            models.Index(fields=["tenant", "-id"], condition=Q(status="failed"), name="inbound_failed"),
            models.Index(fields=["tenant", "-id"], name="inbound_by_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.get_source_display()} {self.kind or 'event'} {self.received_at:%Y-%m-%d %H:%M}"


class JiraConnection(models.Model):
    """A Jira that is asked for issues. `synced_to` is how far all is known; the columns below it are those of a sync under way."""

    class Status(models.TextChoices):
        IDLE = "idle", "Idle"
        RUNNING = "running", "Running"
        FAILED = "failed", "Failed"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="jira_connections")
    name = models.CharField(max_length=80)
    base_url = models.URLField("address", help_text="Such as https://example.atlassian.net or https://jira.example.com/jira.")
    is_cloud = models.BooleanField("Jira Cloud", default=True, help_text="Untick for Server or Data Center.")
    user = models.CharField(max_length=160, blank=True, help_text="Cloud: the address that the API token belongs to. Else empty.")
    secret = EncryptedTextField("API token", blank=True, help_text="Cloud: an API token. Server: a personal access token.")
    jql = models.CharField("JQL", max_length=1000, help_text="Which issues, without ORDER BY, such as project = SUP.")
    every_minutes = models.PositiveSmallIntegerField(default=15, validators=[MinValueValidator(1), MaxValueValidator(1440)])
    is_active = models.BooleanField("active", default=True)
    synced_to = models.DateTimeField(null=True, blank=True, editable=False)
    status = models.CharField(max_length=7, choices=Status, default=Status.IDLE, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_run_at = models.DateTimeField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    page = models.CharField(max_length=2000, blank=True, editable=False, help_text="Where to go on: the source's own page token or offset.")
    expected = models.PositiveIntegerField(null=True, blank=True, editable=False)
    read = models.PositiveIntegerField(default=0, editable=False)
    written = models.PositiveIntegerField(default=0, editable=False)
    refused = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.CharField(max_length=500, blank=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "Jira connection"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_jira_per_name")]

    def __str__(self) -> str:
        return self.name


class TicketImport(models.Model):
    """A file of tickets on its way in: read and staged in steps that are kept, then merged at once. A cut-off one goes on where it was."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", "To be confirmed"
        QUEUED = "queued", "Waiting"
        READING = "reading", "Reading"
        MERGING = "merging", "Merging"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="ticket_imports", db_index=False)
    source = models.CharField(max_length=20, choices=TicketSystem)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file, as hex.")
    options = models.JSONField(
        default=dict, help_text="How to read it: delimiter, encoding, date form, columns, and whether to create accounts."
    )
    status = models.CharField(max_length=8, choices=Status)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows_read = models.PositiveBigIntegerField(default=0, help_text="Rows staged or refused: where to go on.")
    bytes_read = models.PositiveBigIntegerField(default=0)
    report = models.JSONField(default=dict, help_text="What came of it; while it is read, what was refused.")
    error = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["tenant", "-created_at"], name="import_by_tenant")]

    def __str__(self) -> str:
        return self.file_name


class TicketImportPart(models.Model):
    """A piece of an uploaded file, in order; removed once all of it is merged. Any worker can read it."""

    pk = models.CompositePrimaryKey("ticket_import_id", "number")
    ticket_import = models.ForeignKey(TicketImport, on_delete=models.CASCADE, db_index=False, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.ticket_import_id}.{self.number}"


class StagedTicket(models.Model):
    """A row of a file on its way in, normalised. The table is not logged: after a crash of the server it is empty, and the file is read again."""

    pk = models.CompositePrimaryKey("ticket_import_id", "position")
    ticket_import = models.ForeignKey(TicketImport, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    position = models.BigIntegerField()
    external_id = models.TextField()
    account_keys = ArrayField(models.TextField())
    priority = models.PositiveSmallIntegerField()
    status = models.TextField()
    subject = models.TextField()
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    source_version = models.BigIntegerField()
    source_updated_at = models.DateTimeField(null=True)
    source_priority = models.TextField()
    source_status = models.TextField()
    source_category = models.TextField()
    deleted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.external_id
