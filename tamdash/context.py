from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Escalation
from communications.models import Communication


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The theme, and the two counts of the top bar: what waits for this person. Lazy, so that a partial does not pay for them."""
    theme = request.COOKIES.get("theme", "")
    shared = {"theme": theme if theme in ("light", "dark") else "", "demo": settings.DEMO}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return shared
    return shared | {
        "drafts_waiting": lambda: Communication.objects.changeable_by(user).awaiting_review().count(),
        "escalations_waiting": lambda: Escalation.objects.changeable_by(user).unresolved().count(),
    }
