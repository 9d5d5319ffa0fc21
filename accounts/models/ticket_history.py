"""When a ticket was open, with which account and priority: what "as of" reads.

A source tells states. The last is the `Ticket` itself, the earlier ones are kept here whatever order they arrived in; from all of them
follows when the ticket was open (`accounts.ingest.intervals`). Readers ask `OpenInterval`, a view over both tables.
"""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models.people import Tenant, TenantQuerySet
from accounts.models.profile import Account
from accounts.models.signals import Ticket


class TicketState(models.Model):
    """A state before the ticket's last one, one for each version that the source told. Columns are those of `Ticket`."""

    pk = models.CompositePrimaryKey("ticket_id", "source_version")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, db_index=False, related_name="states")
    source_version = models.BigIntegerField()
    source_updated_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    account_key = models.CharField(max_length=160, blank=True)
    account_keys = ArrayField(models.CharField(max_length=200), default=list)
    priority = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8)
    source_priority = models.CharField(max_length=60, blank=True)
    source_status = models.CharField(max_length=60, blank=True)
    source_category = models.CharField(max_length=60, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.ticket_id}@{self.source_version} {self.status}"


class EarlierInterval(models.Model):
    """A time in which a ticket was open before it was reopened, or with another account or priority than its last. Derived from states."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="earlier_intervals")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, db_index=False, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    priority = models.PositiveSmallIntegerField()
    open_from = models.DateTimeField()
    open_until = models.DateTimeField()
    closed_known_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(open_until__gt=F("open_from")), name="earlier_interval_in_order")]
        indexes = [models.Index(fields=["tenant", "open_until"], name="earlier_interval_by_end")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.open_from:%Y-%m-%d} to {self.open_until:%Y-%m-%d}"


class OpenIntervalQuerySet(TenantQuerySet):
    def in_order(self) -> Self:
        """As receipts list tickets."""
        return self.order_by("created_at", "source", "external_id")


class OpenInterval(models.Model):
    """A time in which a ticket was open for an account: the view `accounts_openinterval`. Age counts from `created_at` all the same.

    `closed_at` is the end of the interval, empty while it is open. One that ended before the ticket's last is said to be closed.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.DO_NOTHING, primary_key=True, related_name="+")
    tenant = models.ForeignKey(Tenant, on_delete=models.DO_NOTHING, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, null=True, related_name="open_intervals")
    source = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    subject = models.CharField(max_length=500)
    priority = models.PositiveSmallIntegerField(choices=Ticket.Priority)
    status = models.CharField(max_length=8, choices=Ticket.Status)
    created_at = models.DateTimeField()
    open_from = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    known_at = models.DateTimeField(null=True)
    closed_known_at = models.DateTimeField(null=True)

    objects = OpenIntervalQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "accounts_openinterval"
        ordering = ["priority", "created_at", "ticket_id"]

    def __str__(self) -> str:
        return self.external_id

    def age_days(self, at: datetime) -> float:
        return max(0.0, (at - self.created_at).total_seconds() / 86400)
