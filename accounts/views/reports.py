"""`/reports/`: for those who lead. Each section reads and shows for itself."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Forecast, User
from accounts.pages import portfolio
from accounts.pages.remembered import remembered
from accounts.pages.reports import FEW_ROWS, MOST_ROWS, PERIOD, answers, edits, forecasts, missed, movers, opinions, running, spend, states
from tamdash.context import pulse
from tamdash.pages import leader

SECTIONS = {
    "states": "RAG over time",
    "movers": "Movers",
    "answers": "Answers",
    "missed": "What the score missed",
    "forecasts": "Forecasts",
    "opinions": "Opinions",
    "edits": "Edits",
    "spend": "Model spend",
    "scans": "Scans",
    "channels": "Notifications",
}


@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    user, now = leader(request), timezone.now()
    owners = remembered((pulse(request, user).version, "owners", user.pk), lambda: portfolio.owners(user))
    owner = portfolio.chosen_owner(request.GET.get("owner", ""), user, owners)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in Forecast.Outcome.values else ""
    context = {
        "section": "reports",
        "sections": SECTIONS,
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "days": PERIOD.days,
        "outcome": outcome,
        "most": MOST_ROWS,
    }
    return render(request, "accounts/reports.html", context | read(user, owner, outcome, now, request.GET.get("all", "")))


def read(user: User, owner: str, outcome: str, now: datetime, whole: str) -> dict[str, object]:
    """What each section shows."""
    return {
        "states": states.states(user, now),
        "movers": movers.movers(user, owner, now, most(whole, "movers")),
        "answers": answers.answers(user, owner, now, most(whole, "answers")),
        "missed": missed.missed(user, owner, now, most(whole, "missed")),
        "forecasts": forecasts.forecasts(user, owner, outcome, now, most(whole, "forecasts")),
        "opinions": opinions.opinions(user, owner, now, most(whole, "opinions")),
        "edits": edits.edits(user, owner, now),
        "spend": spend.spend(user, now),
        "running": running.running(user, now, most(whole, "scans")),
    }


def most(whole: str, section: str) -> int:
    """Rows of a section: all within reason where `?all=` names it."""
    return MOST_ROWS if whole == section else FEW_ROWS
