"""Tenants, the people who work in them, and the one rule of who sees and changes what."""

from datetime import date, time
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic import ValidationError as InvalidSettings

from tamdash.encrypted import EncryptedTextField


def readable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be shown")
    return text


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class WorkingHours(BaseModel):
    """When somebody is there to act, in the tenant's time zone. An `end` of 00:00 is midnight."""

    model_config = ConfigDict(extra="forbid")

    days: list[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]] = Field(default=["Mon", "Tue", "Wed", "Thu", "Fri"], min_length=1)
    start: time = time(8)
    end: time = time(18)
    closed_on: list[date] = Field(default=[], max_length=400, description="Public holidays.")

    @model_validator(mode="after")
    def long_enough(self) -> Self:
        """An hour at least, so that any number of hours comes to an end."""
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("start and end are times of the tenant's own zone")
        start, end = self.start.hour * 60 + self.start.minute, self.end.hour * 60 + self.end.minute or 24 * 60
        if end - start < 60:
            raise ValueError("end must be an hour or more after start")
        return self


class TenantSettings(BaseModel):
    """What a tenant may choose. Hours are clock hours, but those an escalation is due in: of `working_hours`, where there are any."""

    model_config = ConfigDict(extra="forbid")

    currency: Annotated[str, AfterValidator(readable)] = Field(default="€", max_length=4)
    red_due_hours: int = Field(default=4, ge=1, le=24 * 14)
    amber_due_hours: int = Field(default=24, ge=1, le=24 * 14)
    tickets_stale_after_hours: int = Field(default=48, ge=1, le=24 * 90)
    reporting_within_hours: int = Field(default=24, ge=0, le=24 * 90, description="A heartbeat this recent is expected to go on.")
    heartbeats_stale_after_hours: int = Field(default=24, ge=1, le=24 * 90)
    working_hours: WorkingHours | None = None
    outreach_per_day: int = Field(default=200, ge=0, le=100_000, description="Drafts written for escalations without being asked for.")
    checkin_every_months: int = Field(default=1, ge=0, le=24, description="0: none. An account may have an interval of its own.")
    review_every_months: int = Field(default=3, ge=0, le=24)
    quiet_days: int = Field(default=14, ge=0, le=365, description="No scheduled draft where something was sent within so many days.")
    model_tokens_per_month: int = Field(default=20_000_000, ge=0, le=10**12, description="Then the offline composer writes. 0: no model.")
    model_cost_per_month: int = Field(default=0, ge=0, le=10**9, description="In the currency of the prices. 0: no limit.")
    model_drafts_per_hour: int = Field(default=60, ge=1, le=10_000, description="A person's, with the model.")


if TYPE_CHECKING:
    from accounts.models.profile import Account


@cache
def time_zones() -> frozenset[str]:
    """Read once: it opens every zone's file."""
    return frozenset(available_timezones())


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(f"“{name}” is not a time zone. Use a name such as Europe/Berlin.")


def validate_settings(value: object) -> None:
    try:
        TenantSettings.model_validate(value)
    except InvalidSettings as error:
        raise ValidationError([f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from error


class Tenant(models.Model):
    """A business unit. Nothing crosses from one to another."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_time_zone])
    settings = models.JSONField(default=dict, blank=True, validators=[validate_settings])

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def config(self) -> TenantSettings:
        return TenantSettings.model_validate(self.settings)


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        # No page shows a person without their tenant's time zone and currency.
        return super().get_queryset().select_related("tenant")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person of one tenant. Admins are the staff of the admin site; nobody stands above the tenants."""

    class Role(models.TextChoices):
        REP = "rep", "Rep"
        MANAGER = "manager", "Manager"
        ADMIN = "admin", "Admin"

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="users")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role, default=Role.REP)
    is_active = models.BooleanField(default=True)
    chat_url = EncryptedTextField(
        "chat address", blank=True, help_text="Where this person's alerts go instead of the tenant's channel, such as slack://…"
    )
    wants_morning_digest = models.BooleanField("morning digest", default=True, help_text="A mail after the daily scan.")
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            # Sign-in finds a person by address alone, whatever the case they type it in.
            models.UniqueConstraint(Lower("email"), name="one_user_per_email", violation_error_message="This address has an account."),
            models.CheckConstraint(condition=models.Q(role__in=["rep", "manager", "admin"]), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return "".join(word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])).upper()

    @property
    def is_staff(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def leads(self) -> bool:
        """Managers and admins answer for the whole tenant; a rep for the accounts they own."""
        return self.role in (self.Role.MANAGER, self.Role.ADMIN)

    def may_change(self, account: "Account") -> bool:
        """The rule of `TenantQuerySet.changeable_by`, for an account at hand that the person can see."""
        return self.leads or account.owner_id == self.pk

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class TenantQuerySet(models.QuerySet[Any]):
    """Rows that belong to a tenant and, through an account, to a rep. Every read for a person starts with one of these verbs."""

    tenant_field = "tenant_id"
    owner_field = "account__owner_id"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All of the person's tenant; nothing for an anonymous or inactive one."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.filter(**{self.tenant_field: user.tenant_id})

    def changeable_by(self, user: User | AnonymousUser) -> Self:
        """What the person may edit: a rep the accounts they own, a manager or admin all of the tenant."""
        rows = self.visible_to(user)
        if isinstance(user, User) and not user.leads:
            rows = rows.filter(**{self.owner_field: user.pk})
        return rows

    def of_owner(self, owner: str) -> Self:
        """`owner` as a list's address has it: "all" or a user's id."""
        return self if owner == "all" else self.filter(**{self.owner_field: int(owner)})


class AccountChildQuerySet(TenantQuerySet):
    """Rows that know their tenant through their account only."""

    tenant_field = "account__tenant_id"
