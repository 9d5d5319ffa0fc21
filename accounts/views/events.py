"""`/events/`: what webhooks told, above all what was not understood, which can be read again once the reason is mended."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.hooks import keeping
from accounts.models import InboundEvent
from accounts.models.inbound import InboundEventQuerySet
from accounts.pages import event_list
from accounts.pages.event_list import Chosen
from tamdash.pages import leader, visible


@require_GET
def events(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    page = event_list.page(user, Chosen.read(request.GET.dict()))
    return render(request, "accounts/events.html", {"section": "signals", "page": page, "may_map": user.is_staff})


@require_GET
def event(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(InboundEvent.objects.select_related("token"), request, pk)
    user = leader(request)
    error = row.error if row.status in event_list.ENDED_BADLY else ""
    lacks_word = row.status == InboundEvent.Status.FAILED and row.error.endswith("is not known")
    context = {"section": "signals", "event": row, "body": event_list.shown(bytes(row.body)), "may_map": user.is_staff}
    context |= {"why": f"{error[:1].upper()}{error[1:].rstrip('.')}." if error else "", "lacks_word": lacks_word}
    return render(request, "accounts/event.html", context)


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Reads one event again, or all of one reason."""
    if count := keeping.replay(asked_for(request)):
        messages.success(
            request, f"{count:,} event{'' if count == 1 else 's'} will be read again. Reload this page to see what came of it."
        )
    else:
        messages.warning(request, "Nothing is read again: somebody was faster, or it has been understood meanwhile.")
    return redirect(back(request))


@require_POST
def aside(request: HttpRequest) -> HttpResponse:
    """Sets one event aside, or all of one reason: they are forgotten in a week."""
    if count := keeping.set_aside(asked_for(request), str(leader(request))):
        messages.success(request, f"{count:,} event{'' if count == 1 else 's'} set aside. They stay a week under “Ignored”.")
    else:
        messages.warning(request, "Nothing was set aside: somebody was faster, or it has been understood meanwhile.")
    return redirect(back(request))


def asked_for(request: HttpRequest) -> InboundEventQuerySet:
    """Events that were not understood: the one that is named, or all of a source with the same reason; 404 for another tenant's."""
    pk = request.POST.get("event", "")
    if pk:
        row = visible(InboundEvent.objects.all(), request, int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else 0)
        leader(request)
        found: InboundEventQuerySet = InboundEvent.objects.filter(pk=row.pk)
        return found
    user = leader(request)
    chosen = Chosen.read(request.POST.dict())
    if not (chosen.source and chosen.reason):
        return InboundEvent.objects.none()
    return Chosen("failed", chosen.source, chosen.reason).rows(user)


def back(request: HttpRequest) -> str:
    there = request.POST.get("next", "")
    return there if url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure()) else reverse("events")
