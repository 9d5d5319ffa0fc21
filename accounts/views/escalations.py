"""`/escalations/`: the queue, one escalation beside it, its counts, and all of it as a file. The steps are in `escalation_steps`."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts.escalation_forms import CommentForm, ResolveForm
from accounts.models import Escalation
from accounts.models.escalation import EscalationQuerySet
from accounts.pages import mute_times, queue_export, queue_rows
from accounts.pages import queue_reads as reads
from accounts.pages.escalation_detail import Detail
from accounts.pages.portfolio import TIERS
from accounts.pages.queue_clock import Desk
from accounts.pages.queue_reads import State
from accounts.pages.queue_rows import Frame
from accounts.pages.remembered import brief, remembered
from tamdash.context import pulse
from tamdash.pages import is_partial, person, visible

PAGE, PART = "accounts/escalations.html", "accounts/queue.html"
CHANGED = "escalations-changed"  # what shows counts asks for them anew


def with_account() -> EscalationQuerySet:
    found: EscalationQuerySet = Escalation.objects.select_related("account__owner", "account__health", "tenant", "assignee")
    return found


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    return page(request, None, f"{PAGE}#page" if is_partial(request) else PAGE)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The escalation beside its queue. On a narrow screen it stands alone."""
    return page(request, visible(with_account(), request, pk), f"{PAGE}#page" if is_partial(request) else PAGE)


@require_GET
def tabs(request: HttpRequest) -> HttpResponse:
    """The tabs with their counts as they are now."""
    user, state = person(request), state_of(request)
    context = {"state": state, "tabs": tabs_of(state, reads.counts(state, user, timezone.now()))}
    return render(request, "accounts/queue_tabs.html", context)


@require_GET
def badge(request: HttpRequest) -> HttpResponse:
    """The count in the top bar."""
    return render(request, "badge.html")


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """All that matches, as a spreadsheet takes it."""
    user, now = person(request), timezone.now()
    lines = queue_export.lines(state_of(request), user, reads.people(user), now)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="escalations-{now.astimezone(user.tenant.zone):%Y-%m-%d}.csv"'
    return response


def known_owners(request: HttpRequest) -> dict[int, str]:
    """Kept for a minute at most: a new person leaves no mark."""
    user = person(request)
    owners: dict[int, str] = remembered(
        (pulse(request, user).version, f"{timezone.now():%H%M}", "queue owners"), lambda: reads.owners(user)
    )
    return owners


def state_of(request: HttpRequest) -> State:
    return State.read(request.GET, person(request), known_owners(request))


def tabs_of(state: State, counts: dict[str, str]) -> list[tuple[str, str, str, str]]:
    return [(name, label, state.link(tab=name, after=""), counts[name]) for name, label in reads.TABS.items()]


@dataclass(frozen=True)
class Listing:
    """The parts of the page that are the same for a while: they hold no form's token."""

    tabs: list[tuple[str, str, str, str]]
    filters: SafeString
    body: SafeString


def page(
    request: HttpRequest, chosen: Escalation | None, template: str, refused: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """`refused`: what was typed in the detail, shown again with what is wrong."""
    user, now, owners, state = person(request), timezone.now(), known_owners(request), state_of(request)
    found = pulse(request, user)
    people = remembered((found.version, f"{now:%H%M}", "queue people"), lambda: reads.people(user))
    frame = Frame(Desk(user.tenant, user, now), people, user.tenant.config.currency, state.kept, chosen.pk if chosen else None)
    # A delivery or a draft leaves no mark, so others' are seen within ten seconds. Who takes a step sees what came of it.
    key = (found.version, found.steps, f"{now:%d%H%M%S}"[:-1], user.pk, frame.chosen, state)
    is_step = request.method == "POST"
    listing = listed(state, owners, frame) if is_step else remembered(key, lambda: listed(state, owners, frame), brief)
    context = {
        "section": "escalations",
        "state": state,
        "listing": listing,
        "tabs": listing.tabs,
        "config": user.tenant.config,
        "clock_words": frame.desk.in_words,
        "chosen": chosen,
        **(detail_context(chosen, frame, refused) if chosen else {}),
    }
    return render(request, template, context, status=status)


def listed(state: State, owners: dict[int, str], frame: Frame) -> Listing:
    user, now = frame.desk.user, frame.desk.now
    rows, after = reads.page(state, user, now)
    counts = reads.counts(state, user, now)
    context = {
        "user": user,
        "state": state,
        "shown": len(rows),
        "rows": queue_rows.table_rows(rows, frame, is_over=state.tab == "resolved"),
        "first": state.link(after=""),
        "next": state.link(after=after) if after else "",
        "matching": counts[state.tab],
        "beside": frame.chosen or "",
    } | offered(frame)
    shown = {"state": state, "filters": filters(state, owners)}
    filled = render_to_string("accounts/queue_filters.html", shown)
    return Listing(tabs_of(state, counts), filled, render_to_string("accounts/queue_list.html", context))


def offered(frame: Frame) -> dict[str, Any]:
    """Whom to assign to, and until when to mute with one press."""
    desk = frame.desk
    people = [(pk, each.name) for pk, each in frame.people.items() if each.is_active]
    return {"people": people, "mute_times": list(mute_times.choices(desk.tenant, desk.now))}


def filters(state: State, owners: dict[int, str]) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Name, label, chosen value and choices of each."""
    people = [("all", "All owners"), *((str(pk), name) for pk, name in owners.items()), ("none", "Nobody")]
    return [
        ("owner", "Owner or assignee", state.owner, people),
        ("reason", "Reason", state.reason, [("", "All reasons"), *reads.REASONS.items()]),
        ("severity", "Severity", state.severity, [("", "Red and Amber"), *((each, each) for each in reads.SEVERITIES)]),
        ("tier", "Tier", state.tier, [("", "All tiers"), *((tier, tier.title()) for tier in TIERS)]),
        ("sort", "Sort", state.sort, list((reads.SORTS | reads.FIRST_SORT.get(state.tab, {})).items())),
    ]


def detail_context(chosen: Escalation, frame: Frame, refused: forms.Form | None) -> dict[str, Any]:
    user = frame.desk.user
    row = reads.one(chosen.pk, user)
    may_change, is_over = row.changeable_by(user), chosen.status == "resolved"
    return {
        "detail": Detail(chosen, row, frame),
        "may_acknowledge": chosen.status == "open" and may_change,
        "may_comment": may_change,
        "may_draft": chosen.account.is_active and user.may_change(chosen.account),
        "may_lead": not is_over and user.leads,
        "resolve_form": refused if isinstance(refused, ResolveForm) else ResolveForm(),
        "note_form": refused if isinstance(refused, CommentForm) else CommentForm(),
    } | offered(frame)
