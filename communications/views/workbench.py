"""`/drafts/<id>/`: reading a draft, writing on it, and what happens when two people do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from js_asset import Media

from communications import changes, evidence, llm, sanitise
from communications import drafts as stage
from communications.drafts import StaleText
from communications.forms import TextForm
from communications.models import Communication, CommunicationEvent, CommunicationRevision
from tamdash.pages import changeable, is_partial, person, template, visible

Status = Communication.Status
TEMPLATE = "communications/draft.html"
# Said to who waits without seeing the page.
NEWS: dict[str, str] = {
    Status.GENERATING: "The draft is being written.",
    Status.READY: "The draft is ready to review.",
    Status.FAILED: "The draft failed.",
}
# Where each status stands in the bar of five steps; what has been done lies before it.
PLACES: dict[str, int] = {"queued": 0, "generating": 0, "failed": 0, "ready": 1, "rejected": 1, "approved": 3, "delivered": 4, "sent": 5}
WAITS = {
    "queued": "waits for a writer",
    "generating": "being written",
    "failed": "failed",
    "ready": "waits for approval",
    "rejected": "rejected",
}
ROWS = Communication.objects.select_related("account__owner", "account__health", "tenant", "escalation", "requested_by")


@dataclass(frozen=True)
class Step:
    """A place in the bar: `state` is done, now or empty for what is to come."""

    label: str
    note: str = ""
    at: datetime | None = None
    state: str = ""
    failed: bool = False


@require_GET
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    shown: Communication = visible(ROWS, request, pk)
    if is_partial(request) and request.GET.get("seen") == str(shown.version):
        return HttpResponse(status=204)
    if request.GET.get("mode") == "write" and may_change(request, shown) and shown.is_editable:
        return write(request, shown, TextForm(initial={name: getattr(shown, name) for name in TextForm.base_fields}))
    return read(request, shown)


def may_change(request: HttpRequest, shown: Communication) -> bool:
    return person(request).may_change(shown.account)


def read(request: HttpRequest, shown: Communication, status: int = 200, **more: Any) -> HttpResponse:
    revisions = list(shown.revisions.select_related("author"))
    asked = {"may_change": may_change(request, shown), "is_already_there": "already" in request.GET and shown.status == Status.READY}
    context = page(shown, revisions) | asked | looked_at(request, revisions) | more
    return render(request, template(request, TEMPLATE, "draft"), context, status=status)


def page(shown: Communication, revisions: list[CommunicationRevision]) -> dict[str, Any]:
    events = list(shown.events.select_related("actor"))
    return {
        "section": "drafts",
        "draft": shown,
        "steps": steps(shown, events, revisions),
        "revisions": revisions,
        "events": events,
        "evidence": evidence.of(shown),
        "words": sum(any(map(str.isalnum, word)) for word in sanitise.to_text(shown.body_html).split()),
        "is_model_configured": llm.is_configured(),
        "news": NEWS.get(shown.status, ""),
    }


def looked_at(request: HttpRequest, revisions: list[CommunicationRevision]) -> dict[str, Any]:
    """The older version the URL asks for, and if it asks for that, what changed from it to the current one."""
    number = request.GET.get("revision", "")
    older = next((revision for revision in revisions[1:] if str(revision.number) == number), None)
    compared = changes.between(older, revisions[0]) if older and "compare" in request.GET else None
    return {"looked_at": older, "changes": compared}


def steps(shown: Communication, events: list[CommunicationEvent], revisions: list[CommunicationRevision]) -> list[Step]:
    """The five steps of delivery, with when each was done and what the present one waits for."""
    last = {event.status: event.at for event in events}
    written = next((revision.created_at for revision in revisions if revision.origin == "generated"), None)
    now = PLACES[shown.status]
    bar = (
        ("Generated", WAITS.get(shown.status, ""), written),
        ("In review", WAITS.get(shown.status, ""), None),
        ("Approved", "", last.get(Status.APPROVED)),
        ("In your mailbox", "download it to place it there", last.get(Status.DELIVERED)),
        ("Sent", "by you, from the mailbox", last.get(Status.SENT)),
    )
    return [
        Step(
            label,
            note=note if place == now or place > max(now, 2) else "",
            at=at if place < now else None,
            state="done" if place < now else "now" if place == now else "",
            failed=place == now and shown.status in (Status.FAILED, Status.REJECTED),
        )
        for place, (label, note, at) in enumerate(bar)
    ]


def write(request: HttpRequest, shown: Communication, form: TextForm, status: int = 200) -> HttpResponse:
    media = Media.from_media(form.media).with_nonce(getattr(request, "csp_nonce", ""))
    context = page(shown, list(shown.revisions.select_related("author"))) | {"may_change": True, "form": form, "media": media}
    return render(request, TEMPLATE, context, status=status)


@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    shown: Communication = changeable(ROWS, request, pk)
    form = TextForm(request.POST)
    if not form.is_valid():
        if "version" in form.errors:
            return HttpResponseBadRequest("A save names the version it was written on.")
        form.point_at_first_fault()
        return write(request, shown, form, status=422)
    text = dict(form.cleaned_data)
    version = text.pop("version")
    try:
        stage.save_text(shown, person(request), version, **text)
    except StaleText as stale:
        return conflict(request, stale, text)
    messages.success(request, "Saved.")
    return redirect(shown)


def conflict(request: HttpRequest, stale: StaleText, mine: dict[str, str]) -> HttpResponse:
    """Both texts, the other's and mine; nothing was written."""
    current: Communication = ROWS.get(pk=stale.current.pk)
    texts = (changes.words(current.recipients, current.subject, current.body_html), changes.words(**mine))
    context = {
        "section": "drafts",
        "draft": current,
        "changes": changes.compare(*texts),
        "reason": str(stale),
        "mine": mine,
        "keep": TextForm(initial=mine | {"version": current.version}),
    }
    return render(request, "communications/draft_conflict.html", context, status=409)
