"""The two signals a score is made of: support tickets and integration heartbeats."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts import schemas
from accounts.models.people import AccountChildQuerySet, Tenant, TenantQuerySet
from accounts.models.profile import Account
from accounts.scoring import OpenTicket

LIVE = ("open", "pending")


def validate_year(moment: datetime) -> None:
    """What no ticket system says: such dates are slips, and some do not exist in every time zone."""
    if not 1990 <= moment.year <= 2100:
        raise ValidationError(f"The year {moment.year} is out of range.")


class TicketQuerySet(TenantQuerySet):
    def live(self) -> Self:
        """Open or pending: what counts against the score."""
        return self.filter(status__in=LIVE)

    def live_of(self, accounts: Iterable[int]) -> dict[int, list[tuple[OpenTicket, str]]]:
        """Open and pending tickets of each of these accounts, as the score sees them, with their subjects; one query."""
        found: dict[int, list[tuple[OpenTicket, str]]] = {pk: [] for pk in accounts}
        rows = self.live().filter(account__in=list(found)).order_by()
        columns = rows.values_list("account_id", "external_id", "priority", "created_at", "source", "subject")
        for pk, *ticket, subject in columns:
            found[pk].append((OpenTicket(*ticket), subject))
        return found


class Ticket(models.Model):
    """The last known state of a ticket of a source system, identified by (tenant, source, external id).

    `account` is empty while none of the source's `account_keys` is mapped to one. Beside what they mean here stand the source's own
    words, so that a mended mapping reaches past tickets. Earlier states are `TicketState`, when it was open `OpenInterval`.
    """

    class Priority(models.IntegerChoices):
        P1 = 1, "P1"
        P2 = 2, "P2"
        P3 = 3, "P3"
        P4 = 4, "P4"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PENDING = "pending", "Pending"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tickets", null=True, blank=True)
    source = models.CharField(max_length=20)
    external_id = models.CharField("ticket id", max_length=120)
    account_key = models.CharField(max_length=160, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority)
    status = models.CharField(max_length=8, choices=Status)
    subject = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField("opened at", validators=[validate_year])
    closed_at = models.DateTimeField("resolved or closed at", null=True, blank=True, validators=[validate_year])
    source_version = models.BigIntegerField(
        default=0, help_text="The source's own order of this ticket's states; a lower one never overwrites a higher."
    )
    source_updated_at = models.DateTimeField(null=True, blank=True, help_text="When the source changed it to this state.")
    source_priority = models.CharField(max_length=60, blank=True, db_default="")
    source_status = models.CharField(max_length=60, blank=True, db_default="")
    source_category = models.CharField(max_length=60, blank=True, db_default="")
    account_keys = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, help_text="What may name its account, as kind:value, the best first."
    )
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When its source deleted it; it then counts as closed.")
    open_from = models.DateTimeField(null=True, blank=True, help_text="Since when it is open with this account and priority. Empty: ever.")
    known_at = models.DateTimeField(null=True, blank=True, help_text="When tamdash first heard of it. Empty: at once.")
    heard_at = models.DateTimeField(null=True, blank=True, help_text="When tamdash heard of this state.")
    closed_known_at = models.DateTimeField(null=True, blank=True, help_text="When tamdash heard that it is over. Empty: at once.")

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "external_id"], name="one_ticket_per_external_id"),
            models.CheckConstraint(condition=Q(priority__range=(1, 4)), name="ticket_priority_known"),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, closed_at=None) | Q(status__in=("resolved", "closed"), closed_at__isnull=False),
                name="ticket_closed_at_iff_closed",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=models.F("created_at")), name="ticket_closed_after_opened"
            ),
        ]
        indexes = [
            # The scan reads this index alone, in order, for a tenant or for one account.
            models.Index(
                fields=["tenant", "account", "created_at"],
                include=["priority"],
                condition=Q(status__in=LIVE),
                name="ticket_live_in_order",
            ),
            models.Index(fields=["tenant", "source", "account_key"], condition=Q(account=None), name="ticket_unmatched"),
        ]

    def __str__(self) -> str:
        return self.external_id

    def age_days(self, at: datetime) -> float:
        return max(0.0, (at - self.created_at).total_seconds() / 86400)

    def contract(self, at: datetime) -> schemas.TicketSummary:
        return schemas.TicketSummary.model_validate(
            {
                "ticket_id": self.external_id,
                "account_id": self.account.external_id if self.account else self.account_key,
                "priority": f"P{self.priority}",
                "status": self.status,
                "created_at": self.created_at,
                "age_days": round(self.age_days(at), 2),
                "subject": self.subject,
            }
        )


class TicketSource(models.Model):
    """A ticket system that reports to a tenant, and when it last did."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="ticket_sources", db_index=False)
    source = models.CharField(max_length=20)
    reported_at = models.DateTimeField(help_text="All its tickets are known up to then.")
    is_in_use = models.BooleanField(default=True, help_text="Untick what no longer reports on purpose: it is then never called stale.")

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["source"]
        constraints = [models.UniqueConstraint(fields=["tenant", "source"], name="one_row_per_ticket_source")]

    def __str__(self) -> str:
        return self.source


class Heartbeat(models.Model):
    """When an account's integration last reported. One narrow row an account, updated in place."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="heartbeat")
    last_at = models.DateTimeField()

    objects = AccountChildQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.account_id} {self.last_at:%Y-%m-%d %H:%M}"


class HeartbeatDay(models.Model):
    """A day's heartbeats of an account (UTC date): enough to know the silence at any past instant outside that day's pings."""

    pk = models.CompositePrimaryKey("account_id", "day")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="heartbeat_days", db_index=False)
    day = models.DateField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    calls = models.PositiveBigIntegerField(default=0, db_default=0, help_text="As far as heartbeats told.")

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_at__gte=models.F("first_at")), name="heartbeat_day_in_order")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}: {self.count}"


class HeartbeatReport(models.Model):
    """What an account's heartbeats say of its features and environment: the last thing said, one row an account.

    `applied_at` is empty until the profile was brought up to it.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="heartbeat_report")
    features = ArrayField(models.CharField(max_length=120), null=True, help_text="In use. Null: nothing was said of features.")
    environment = ArrayField(models.CharField(max_length=160), null=True, help_text="Null: nothing was said of it.")
    changed_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = AccountChildQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["changed_at"], condition=Q(applied_at=None), name="heartbeat_report_to_apply")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.changed_at:%Y-%m-%d %H:%M}"
