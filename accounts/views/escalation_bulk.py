"""Steps on many escalations at once: those that are ticked, or all that match."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import escalations
from accounts.escalation_forms import AssignForm, MuteForm, ResolveForm, first_error
from accounts.models import Escalation, User
from accounts.models.escalation import EscalationQuerySet
from accounts.pages import queue_reads as reads
from accounts.pages.portfolio import whole
from accounts.views.escalation_steps import Step, answer
from accounts.views.escalations import state_of
from tamdash.pages import person

MOST_TICKED = 1000  # a page holds fewer; what matches is looked up here, not sent


class Refused(Exception):
    """What was typed does not say what to do; the message says why."""


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if request.POST.get("step") not in STEPS:
        return answer(request, "Choose what to do with them.", done=False)
    prepare, done, unchanged, only_leads = STEPS[request.POST["step"]]
    if only_leads and not user.leads:
        raise PermissionDenied
    rows = asked_for(request, user)
    total = rows.count()
    if not total:
        return answer(request, "No escalation was selected.", done=False)
    theirs = total - rows.changeable_by(user).count()
    try:
        moved = len(prepare(request, user)(rows.changeable_by(user)))
    except (Refused, escalations.NotNow) as refused:
        return answer(request, str(refused), done=False)
    return answer(request, told(moved, done, theirs, total - theirs - moved, unchanged), done=bool(moved))


def asked_for(request: HttpRequest, user: User) -> EscalationQuerySet:
    """All that match the address, worked out anew; else those ticked, of which others' tenants' do not exist for this person."""
    if request.POST.get("all"):
        chosen: list[int] = reads.ids(state_of(request), user, timezone.now())
    else:
        ticked = (whole(text, 10**11) for text in request.POST.getlist("tick")[:MOST_TICKED])
        chosen = [pk for pk in ticked if pk]
    rows: EscalationQuerySet = Escalation.objects.visible_to(user).filter(pk__in=chosen)
    return rows


def told(moved: int, done: str, theirs: int, others: int, unchanged: str) -> str:
    """“12 acknowledged. Left alone: 2 that were not open, 1 of somebody else's accounts.”"""
    reasons = [f"{others} {unchanged}"] if others else []
    reasons += [f"{theirs} of somebody else’s accounts"] if theirs else []
    return f"{moved} {done}." + (f" Left alone: {', '.join(reasons)}." if reasons else "")


def acknowledging(request: HttpRequest, user: User) -> Step:
    return lambda rows: escalations.acknowledge(rows, user)


def assigning(request: HttpRequest, user: User) -> Step:
    form = AssignForm(user.tenant, request.POST)
    if not form.is_valid():
        raise Refused(first_error(form))
    return lambda rows: escalations.assign(rows, user, form.cleaned_data["to"])


def muting(request: HttpRequest, user: User) -> Step:
    form = MuteForm(request.POST)
    if not form.is_valid():
        raise Refused(first_error(form))
    until = form.moment(user.tenant, timezone.now())
    return lambda rows: escalations.mute(rows, user, until, form.cleaned_data["why"])


def resolving(request: HttpRequest, user: User) -> Step:
    form = ResolveForm(request.POST)
    if not form.is_valid():
        raise Refused(first_error(form))
    return lambda rows: escalations.resolve(rows, user, form.cleaned_data["reason"])


# What each step does, how what it did is called and what it could not change, and whether only who leads takes it.
STEPS: dict[str, tuple[Callable[[HttpRequest, User], Step], str, str, bool]] = {
    "acknowledge": (acknowledging, "acknowledged", "not open any more", False),
    "assign": (assigning, "assigned", "resolved, or theirs already", True),
    "mute": (muting, "muted", "resolved already", True),
    "resolve": (resolving, "resolved", "resolved already", True),
}
