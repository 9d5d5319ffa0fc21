"""`/reports/`: for those who lead. Each section reads and shows for itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Forecast
from accounts.pages import portfolio
from accounts.pages import reports as reads
from accounts.pages.remembered import remembered
from tamdash.context import pulse
from tamdash.pages import leader


@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    user, now = leader(request), timezone.now()
    owners = remembered((pulse(request, user).version, "owners", user.pk), lambda: portfolio.owners(user))
    owner = portfolio.chosen_owner(request.GET.get("owner", ""), user, owners)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in Forecast.Outcome.values else ""
    whole = request.GET.get("all", "")
    found = reads.forecasts(user, owner, outcome, now, most(whole, "forecasts"))
    context = {
        "section": "reports",
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "days": reads.PERIOD.days,
        "outcome": outcome,
        "forecasts": found,
        "outcomes": [(value, label, found.total.counts[value], found.total.share(value)) for value, label in Forecast.Outcome.choices],
        "opinions": reads.opinions(user, owner, now, most(whole, "opinions")),
        "most": reads.MOST_ROWS,
    }
    return render(request, "accounts/reports.html", context)


def most(whole: str, section: str) -> int:
    """Rows of a section: all within reason where `?all=` names it."""
    return reads.MOST_ROWS if whole == section else reads.FEW_ROWS
