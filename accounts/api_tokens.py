"""Bearer tokens of the API: made, shown once, found again by their SHA-256."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiToken, IdempotentAnswer, Tenant, User

PREFIX = "tamd_"
SEEN_EVERY = timedelta(minutes=1)  # a row written at every call would cost more than most calls
ANSWERS_KEPT = timedelta(hours=24)
# Printed in README.md for all to read.
DEMO_TOKEN = "tamd_demo_Wq3ZkT9vXr5LmB7cHs2N"  # noqa: S105


def issue(
    tenant: Tenant, name: str, scopes: Iterable[str], expires_at: datetime | None = None, created_by: User | None = None
) -> tuple[ApiToken, str]:
    """A new token and its text, which is kept nowhere. Raises ValidationError on an unknown scope or a name in use."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = of_text(text)
    token.tenant, token.name, token.scopes = tenant, name, sorted(set(scopes))
    token.expires_at, token.created_by = expires_at, created_by
    check_name(tenant, name)
    token.full_clean()
    token.save()
    return token, text


def check_name(tenant: Tenant, name: str) -> None:
    """Raises ValidationError where a token of that name is in use."""
    if tenant.api_tokens.filter(name=name, revoked_at=None).exists():
        raise ValidationError("A token of this name is in use. Revoke that one first, or choose another name.")


def of_text(text: str) -> ApiToken:
    """An unsaved token with that text."""
    return ApiToken(digest=digest(text), hint=text[-4:])


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def find(text: str, now: datetime) -> ApiToken | None:
    """The usable token with that text, with its tenant. The demo's opens nothing outside demo mode."""
    if text == DEMO_TOKEN and not settings.DEMO:
        return None
    return ApiToken.objects.usable(now).select_related("tenant").filter(digest=digest(text)).first()


def note_use(token: ApiToken, now: datetime) -> None:
    """Keeps when it was last used, to the minute."""
    if token.last_used_at is None or token.last_used_at <= now - SEEN_EVERY:
        long_ago = Q(last_used_at=None) | Q(last_used_at__lte=now - SEEN_EVERY)
        ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)


def revoke(tokens: Iterable[int]) -> int:
    """Answers how many were in use until now."""
    return ApiToken.objects.filter(pk__in=list(tokens), revoked_at=None).update(revoked_at=timezone.now())


def forget_answers(now: datetime) -> int:
    """Ends the repetition of calls that are long over."""
    return IdempotentAnswer.objects.filter(created_at__lte=now - ANSWERS_KEPT).delete()[0]
