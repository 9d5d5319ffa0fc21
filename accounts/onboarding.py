"""How a tenant and its people come to be."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import ScoringPolicy, Tenant, User


def create_tenant(slug: str, name: str, time_zone: str = "UTC") -> Tenant:
    """A tenant with version 1 of the scoring policy active. Raises ValidationError on a bad slug, name or time zone."""
    tenant = Tenant(slug=slug, name=name, time_zone=time_zone)
    tenant.full_clean()
    with transaction.atomic():
        tenant.save()
        ScoringPolicy.objects.create(tenant=tenant, version=1, status=ScoringPolicy.Status.ACTIVE, activated_at=timezone.now())
    return tenant


def create_user(tenant: Tenant, email: str, role: str, name: str = "", password: str | None = None) -> User:
    """A person of the tenant; without a password they cannot sign in yet. Raises ValidationError."""
    values: dict[str, Any] = {"tenant": tenant, "email": User.objects.normalize_email(email), "role": role}
    user = User(**values, name=name or email.split("@")[0].replace(".", " ").title())
    user.set_password(password)
    user.full_clean()
    user.save()
    return user
