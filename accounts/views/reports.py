"""`/reports/`: for those who lead. Each section reads and shows for itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Forecast
from accounts.pages import portfolio
from accounts.pages.remembered import remembered
from accounts.pages.reports import FEW_ROWS, MOST_ROWS, PERIOD, answers, forecasts, missed, opinions, running, states
from tamdash.context import pulse
from tamdash.pages import leader

SECTIONS = {
    "states": "RAG over time",
    "answers": "Answers",
    "missed": "What the score missed",
    "forecasts": "Forecasts",
    "opinions": "Opinions",
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
    whole = request.GET.get("all", "")
    context = {
        "section": "reports",
        "sections": SECTIONS,
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "days": PERIOD.days,
        "outcome": outcome,
        "states": states.states(user, now),
        "answers": answers.answers(user, owner, now, most(whole, "answers")),
        "missed": missed.missed(user, owner, now, most(whole, "missed")),
        "forecasts": forecasts.forecasts(user, owner, outcome, now, most(whole, "forecasts")),
        "opinions": opinions.opinions(user, owner, now, most(whole, "opinions")),
        "running": running.running(user, now, most(whole, "scans")),
        "most": MOST_ROWS,
    }
    return render(request, "accounts/reports.html", context)


def most(whole: str, section: str) -> int:
    """Rows of a section: all within reason where `?all=` names it."""
    return MOST_ROWS if whole == section else FEW_ROWS
