"""`/escalations/`: the queue, one escalation beside it, and the two steps by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import escalations
from accounts.forms import ResolveForm
from accounts.models import Escalation, User
from accounts.models.escalation import EscalationQuerySet
from accounts.pages import portfolio
from accounts.pages.remembered import remembered
from tamdash.context import pulse
from tamdash.pages import changeable, person, template, visible
from tamdash.templatetags.tamdash import span

PAGE_SIZE = 50
MOST_COUNTED = 1000
RESOLVED_WITHIN = timedelta(days=30)
TABS = {"open": "Open", "waiting": "Unacknowledged", "resolved": "Resolved, 30 d"}


@dataclass(frozen=True)
class Clock:
    """Time left to acknowledge. `run` is how much of it has passed, of 100."""

    text: str
    over: bool = False
    run: int = 0


def clock(escalation: Escalation, now: datetime) -> Clock:
    left = (escalation.due_at - now).total_seconds()
    whole = (escalation.due_at - escalation.opened_at).total_seconds() or 1
    if left < 0:
        return Clock(f"{span(-left / 86400)} overdue", over=True)
    return Clock(f"{span(left / 86400)} left", run=round(100 * (1 - left / whole)))


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    return page(request, None)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The escalation beside its queue. On a narrow screen it stands alone."""
    return page(request, visible(Escalation.objects.select_related("account__owner", "account__health", "tenant"), request, pk))


def page(request: HttpRequest, chosen: Escalation | None, resolve: ResolveForm | None = None, status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    owners = remembered((pulse(request, user).version, "owners", user.pk), lambda: portfolio.owners(user))
    owner, tab = read(request.GET, user, owners)
    scope = Escalation.objects.visible_to(user).of_owner(owner)
    number = max(1, portfolio.whole(request.GET.get("page", ""), 10_000) or 1)
    start = (number - 1) * PAGE_SIZE
    found = list(of_tab(scope, tab, now).select_related("account__owner", "account__health")[start : start + PAGE_SIZE + 1])
    counts = counted(scope, now)
    context = {
        "section": "escalations",
        "tabs": [(name, label, counts[name]) for name, label in TABS.items()],
        "kept": kept(request),
        "tab": tab,
        "owner": owner,
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items())],
        "rows": [(escalation, clock(escalation, now), user.may_change(escalation.account)) for escalation in found[:PAGE_SIZE]],
        "page_number": number,
        "has_next": len(found) > PAGE_SIZE,
        "currency": user.tenant.config.currency,
        "config": user.tenant.config,
        "chosen": chosen,
        **(detail_context(chosen, user, now, resolve) if chosen else {}),
    }
    return render(request, template(request, "accounts/escalations.html", "page"), context, status=status)


def read(query: QueryDict, user: User, owners: dict[int, str]) -> tuple[str, str]:
    """Owner and tab from the URL; nonsense counts as not given."""
    tab = query.get("tab", "open")
    return portfolio.chosen_owner(query.get("owner", ""), user, owners), tab if tab in TABS else "open"


def of_tab(rows: EscalationQuerySet, tab: str, now: datetime) -> EscalationQuerySet:
    if tab == "resolved":
        return rows.filter(status="resolved", resolved_at__gte=now - RESOLVED_WITHIN).order_by("-resolved_at", "-id")
    return (rows.filter(status="open") if tab == "waiting" else rows).unresolved().of_active_accounts().by_urgency()


def counted(rows: EscalationQuerySet, now: datetime) -> dict[str, str]:
    """How many each tab holds, up to a thousand: beyond that a figure changes nothing but the time it takes."""
    counts = {tab: of_tab(rows, tab, now).order_by()[: MOST_COUNTED + 1].count() for tab in TABS}
    return {tab: f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else str(count) for tab, count in counts.items()}


def kept(request: HttpRequest) -> str:
    """The part of the URL that says where in the queue the person is, to come back to."""
    given = {name: request.GET[name] for name in ("tab", "owner", "page") if name in request.GET}
    return f"?{urlencode(given)}" if given else ""


def detail_context(chosen: Escalation, user: User, now: datetime, resolve: ResolveForm | None) -> dict[str, Any]:
    return {
        "chosen_clock": clock(chosen, now),
        "events": chosen.events.select_related("actor"),
        "drafts": chosen.account.communications.filter(communication_type="escalation_outreach").only(
            "id", "status", "communication_type", "updated_at"
        )[:3],
        "may_acknowledge": chosen.status == "open" and user.may_change(chosen.account),
        "may_draft": user.may_change(chosen.account),
        "may_resolve": chosen.status != "resolved" and user.leads,
        "resolve_form": resolve or ResolveForm(),
    }


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    escalation: Escalation = changeable(Escalation.objects.select_related("account"), request, pk)
    return step(request, escalation, lambda: escalations.acknowledge(escalation, person(request)), "acknowledged")


@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """With a reason, by whoever leads."""
    escalation: Escalation = visible(Escalation.objects.select_related("account__owner", "account__health", "tenant"), request, pk)
    if not person(request).leads:
        raise PermissionDenied
    form = ResolveForm(request.POST)
    if not form.is_valid():
        return page(request, escalation, form, status=422)
    return step(request, escalation, lambda: escalations.resolve(escalation, person(request), form.cleaned_data["reason"]), "resolved")


def step(request: HttpRequest, escalation: Escalation, take: Callable[[], None], done: str) -> HttpResponse:
    """Takes the step, says how it went, and goes back to where the person was."""
    try:
        take()
    except escalations.NotNow as lost:
        messages.warning(request, str(lost))
    else:
        messages.success(request, f"{escalation}, {escalation.account}, {done}.")
    return redirect(f"{escalation.get_absolute_url()}{kept(request)}")
