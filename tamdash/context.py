"""What every page shows around its content."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Escalation, User
from communications.models import Communication


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The theme and the counts of the top bar. The counts are lazy, so that a partial does not pay for them."""
    theme = request.COOKIES.get("theme", "")
    shared = {"theme": theme if theme in ("light", "dark") else "", "demo": settings.DEMO}
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return shared
    return shared | {"waiting": lambda: waiting(request, user)}


def waiting(request: HttpRequest, user: User) -> dict[str, int]:
    """Drafts and escalations that wait for this person; counted once a request."""
    counted: dict[str, int] | None = getattr(request, "waiting_counts", None)
    if counted is None:
        counted = {
            "drafts": Communication.objects.changeable_by(user).awaiting_review().count(),
            "escalations": Escalation.objects.changeable_by(user).unresolved().count(),
        }
        request.waiting_counts = counted  # type: ignore[attr-defined]
    return counted
