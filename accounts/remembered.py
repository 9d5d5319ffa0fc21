"""What is not worked out twice: a portfolio's parts, kept in the process until something they show changes.

A megabyte of tiles is at hand at once here, where fetching it from a cache server takes a tenth of making it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from django.contrib.messages import get_messages
from django.http import HttpRequest

from accounts.models import PortfolioChange, Tenant

MOST_KEPT = 64  # values a process; the largest, ten thousand tiles, is a megabyte
kept: OrderedDict[Hashable, Any] = OrderedDict()
guard = Lock()
T = TypeVar("T")


def remembered(key: Hashable, make: Callable[[], T]) -> T:
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


def etag(request: HttpRequest, *parts: Any) -> str | None:
    """A tag of the page for this person as it is now; None if the page carries something that is shown once."""
    secret = request.META.get("CSRF_COOKIE")
    if not secret or len(get_messages(request)):
        return None
    asked = (request.get_full_path(), request.headers.get("HX-Request"), request.COOKIES.get("theme"), secret, request.user.pk)
    return f'"{hashlib.sha256(repr((asked, parts)).encode()).hexdigest()[:32]}"'


def forget_old_changes(tenant: Tenant, keep: int = 100) -> None:
    """Drops all but the last marks, so that counting them stays cheap."""
    last = PortfolioChange.objects.filter(tenant=tenant).order_by("-id").values_list("id", flat=True)[keep : keep + 1]
    PortfolioChange.objects.filter(tenant=tenant, id__lte=max(last, default=0)).delete()
