"""The tokens of webhook addresses: made, replaced and withdrawn. Only a token's SHA-256 is kept."""

import hashlib
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import HookToken, Tenant, User

OLD_ONE_LASTS = timedelta(hours=24)  # so that the source can be told the new address without losing an event
HINT = 4  # characters
SEEN_FOR = 60.0  # seconds
MOST_SEEN = 10_000
seen_until: dict[tuple[str, str], float] = {}  # of this process, on its monotonic clock
# Printed in README.md for all to read: they open nothing outside demo mode.
DEMO_TOKENS = {"jira": "demo-jira-Kx8vNq2TzWb5", "generic": "demo-generic-Rf3yHc9LpDm7"}


def digest_of(token: str) -> str:
    """SHA-256 as hex. The token is 256 random bits: what makes guessing hopeless is its length, not a slow hash."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def is_usable(source: str, token: str) -> bool:
    """Whether the token may open that source's door: looked up before a body is read, once a minute and process for one that may.

    What comes through the door is checked again by the statement that stores it.
    """
    key, now = (source, digest_of(token)), time.monotonic()
    if seen_until.get(key, 0.0) > now:
        return True
    if not HookToken.objects.usable(timezone.now()).filter(source=source, digest=key[1]).exists():
        seen_until.pop(key, None)
        return False
    if len(seen_until) >= MOST_SEEN:
        seen_until.clear()
    seen_until[key] = now + SEEN_FOR
    return True


def is_shut(token: str) -> bool:
    """Whether it is one of the demo's, and this is none."""
    return token in DEMO_TOKENS.values() and not settings.DEMO


def make(
    tenant: Tenant, source: str, *, token: str | None = None, secret: str = "", created_by: User | None = None
) -> tuple[HookToken, str]:
    """A door for that source's webhooks, and its token, which nobody can read again. With a `secret` all events must be signed."""
    token = token or secrets.token_urlsafe(32)
    made = HookToken.objects.create(
        tenant=tenant, source=source, digest=digest_of(token), hint=token[-HINT:], secret=secret, created_by=created_by
    )
    return made, token


def rotate(old: HookToken, by: User | None = None) -> tuple[HookToken, str]:
    """A new token with the same secret. The old one goes on for a day, or as long as it would have anyway."""
    with transaction.atomic():
        until = timezone.now() + OLD_ONE_LASTS
        HookToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=until), pk=old.pk).update(expires_at=until)
        return make(old.tenant, old.source, secret=old.secret, created_by=by)


def revoke(token: HookToken) -> bool:
    """Ends it at once, for good. Says whether it was still in use."""
    return HookToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()) == 1


def note_use(uses: Iterable[tuple[int | None, datetime]]) -> None:
    """When tokens were last used; told in batches, as each event of its own would wait for the one before."""
    last: dict[int, datetime] = {}
    for token, at in uses:
        if token is not None:
            last[token] = max(at, last.get(token, at))
    for token, at in sorted(last.items()):
        HookToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=at), pk=token).update(last_used_at=at)


def address(source: str, token: str) -> str:
    """What the source is told to post to."""
    return settings.PUBLIC_URL + reverse("hook", args=[source, token])
