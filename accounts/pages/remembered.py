"""What is not worked out twice: a portfolio's parts, kept in the process until something they show changes.

A megabyte of tiles is at hand at once here, where fetching it from a cache server takes a tenth of making it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest

from accounts.models import PortfolioChange, Tenant

MOST_KEPT = 64  # values a process; the largest, ten thousand tiles, is a megabyte
kept: OrderedDict[Hashable, Any] = OrderedDict()
brief: OrderedDict[Hashable, Any] = OrderedDict()  # what is good for seconds, apart: it must not push out what is good for a day
guard = Lock()
T = TypeVar("T")


def remembered(key: Hashable, make: Callable[[], T], kept: OrderedDict[Hashable, Any] = kept) -> T:
    """The value made earlier in this process under this key, which must hold all that the value depends on, a version among them."""
    with guard:
        if key in kept:
            kept.move_to_end(key)
            return cast(T, kept[key])
    made = make()
    with guard:
        kept[key] = made
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)
    return made


@cache
def release() -> str:
    """Changes with every template and every static file, and is the same in all processes of a release."""
    files = sorted(path for path in (settings.BASE_DIR / "templates").rglob("*.html"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    digest.update(getattr(staticfiles_storage, "manifest_hash", "").encode())
    return digest.hexdigest()


def etag(request: HttpRequest, *parts: Any) -> str | None:
    """A tag of the page for this person as it is now; None if the page carries something that is shown once."""
    secret = request.META.get("CSRF_COOKIE")
    if not secret or len(get_messages(request)):
        return None
    menu = request.user.pk, getattr(request.user, "wants_morning_digest", None)  # it offers the one or the other
    asked = (release(), request.get_full_path(), request.headers.get("HX-Request"), request.COOKIES.get("theme"), secret, menu)
    return f'"{hashlib.sha256(repr((asked, parts)).encode()).hexdigest()[:32]}"'


def forget_old_changes(tenant: Tenant, keep: int = 100) -> None:
    """Drops all but the last marks, so that counting them stays cheap."""
    last = PortfolioChange.objects.filter(tenant=tenant).order_by("-id").values_list("id", flat=True)[keep : keep + 1]
    PortfolioChange.objects.filter(tenant=tenant, id__lte=max(last, default=0)).delete()
