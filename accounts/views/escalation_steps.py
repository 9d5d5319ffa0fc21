"""The steps that people take on one escalation. Whoever may change it acknowledges and comments; only who leads takes the others."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts import escalations
from accounts.escalation_forms import AssignForm, CommentForm, MuteForm, RaiseForm, ResolveForm, first_error
from accounts.models import Account, Escalation, Notification, User
from accounts.models.escalation import EscalationQuerySet
from accounts.notifications import delivery
from accounts.notifications.again import worth_another_try
from accounts.pages.portfolio import whole
from accounts.views.escalations import CHANGED, PAGE, PART, page, state_of, with_account
from tamdash.pages import changeable, is_partial, person, visible

Step = Callable[[EscalationQuerySet], list[int]]


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    escalation: Escalation = changeable(with_account(), request, pk)
    return step(request, escalation, lambda rows: escalations.acknowledge(rows, person(request)), "acknowledged")


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    escalation: Escalation = changeable(with_account(), request, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return page(request, escalation, PART if is_partial(request) else PAGE, form, status=422)
    return step(request, escalation, lambda rows: escalations.comment(rows, person(request), form.cleaned_data["text"]), "noted")


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends again what was given up and could arrive now."""
    escalation: Escalation = changeable(with_account(), request, pk)
    again = worth_another_try(escalation.tenant, escalation.notifications.select_related("recipient"))
    tried = delivery.retry(Notification.objects.filter(pk__in=[row.pk for row in again]))
    text = f"{escalation}: {tried} message{'' if tried == 1 else 's'} on the way again." if tried else "Nothing was left to try again."
    return answer(request, text, done=bool(tried), usual=pk)


@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    escalation = led(request, pk)
    form = AssignForm(escalation.tenant, request.POST)
    if not form.is_valid():
        return answer(request, first_error(form), done=False, usual=pk)
    to: User | None = form.cleaned_data["to"]
    done = f"assigned to {to or 'nobody'}"
    return step(request, escalation, lambda rows: escalations.assign(rows, person(request), to), done, f"{done} already")


@require_POST
def mute(request: HttpRequest, pk: int) -> HttpResponse:
    escalation, user = led(request, pk), person(request)
    form = MuteForm(request.POST)
    if not form.is_valid():
        return answer(request, first_error(form), done=False, usual=pk)
    until = form.moment(user.tenant, timezone.now())
    return step(request, escalation, lambda rows: escalations.mute(rows, user, until, form.cleaned_data["why"]), "muted")


@require_POST
def unmute(request: HttpRequest, pk: int) -> HttpResponse:
    return step(request, led(request, pk), lambda rows: escalations.unmute(rows, person(request)), "no longer muted", "not muted")


@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    escalation = led(request, pk)
    form = ResolveForm(request.POST)
    if not form.is_valid():
        return page(request, escalation, PART if is_partial(request) else PAGE, form, status=422)
    return step(request, escalation, lambda rows: escalations.resolve(rows, person(request), form.cleaned_data["reason"]), "resolved")


@require_POST
def raise_by_hand(request: HttpRequest, pk: int) -> HttpResponse:
    """From the account's page, by whoever may change the account."""
    account: Account = changeable(Account.objects.select_related("tenant"), request, pk)
    form = RaiseForm(request.POST)
    try:
        if form.is_valid():
            return redirect(escalations.raise_by_hand(account, person(request), form.cleaned_data["reason"]))
        messages.error(request, first_error(form))
    except escalations.NotNow as refused:
        messages.warning(request, str(refused))
    return redirect("account", pk)


def led(request: HttpRequest, pk: int) -> Escalation:
    """For who leads; 404 before 403, as everywhere."""
    escalation: Escalation = visible(with_account(), request, pk)
    if not person(request).leads:
        raise PermissionDenied
    return escalation


def step(request: HttpRequest, escalation: Escalation, take: Step, done: str, unchanged: str = "") -> HttpResponse:
    """Takes the step and says how it went. `unchanged`: how an unresolved one stands that had no need of it."""
    try:
        moved = take(Escalation.objects.filter(pk=escalation.pk))
    except escalations.NotNow as refused:
        return answer(request, str(refused), done=False, usual=escalation.pk)
    text = f"{escalation}, {escalation.account}, {done}." if moved else left_alone(escalation, unchanged)
    return answer(request, text, done=bool(moved), usual=escalation.pk)


def left_alone(escalation: Escalation, unchanged: str) -> str:
    """Why a step changed nothing."""
    escalation.refresh_from_db()
    if unchanged and escalation.status != Escalation.Status.RESOLVED:
        return f"{escalation} is {unchanged}. Nothing was changed."
    return escalations.state_of(escalation)


def answer(request: HttpRequest, text: str, *, done: bool, usual: int | None = None) -> HttpResponse:
    """The queue as it is now, with the detail that stood beside it: the form's word, or `usual` where it has none."""
    given = request.POST.get("beside")
    beside = usual if given is None else whole(given, 10**11)
    chosen: Escalation | None = with_account().visible_to(person(request)).filter(pk=beside).first()
    if is_partial(request):
        response = page(request, chosen, PART)
        trigger_client_event(response, CHANGED, {}, after="settle")
        return trigger_client_event(response, "told", {"text": text, "done": done}, after="settle")
    messages.add_message(request, messages.SUCCESS if done else messages.WARNING, text)
    place = chosen.get_absolute_url() if chosen else reverse("escalations")
    return redirect(f"{place}{state_of(request).kept}")
