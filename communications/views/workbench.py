"""`/drafts/<id>/`: reading a draft, writing on it, and what happens when two people do."""

import copy
import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from js_asset import Media

from communications import budget, changes, evidence, llm, printed, proof, review, sanitise, whereabouts
from communications import drafts as stage
from communications.drafts import StaleText
from communications.forms import TextForm
from communications.models import Communication, CommunicationRevision
from communications.views import progress, versions
from tamdash.pages import changeable, is_partial, person, template, visible

Status = Communication.Status
TEMPLATE = "communications/draft.html"
# Said to who waits without seeing the page.
NEWS: dict[str, str] = {
    Status.GENERATING: "The draft is being written.",
    Status.READY: "The draft is ready to review.",
    Status.FAILED: "The draft failed.",
}
ROWS = Communication.objects.select_related(
    "account__owner", "account__health", "tenant", "escalation", "requested_by", "release", "generation", "placement__user"
).defer("generation__messages")
# The name under which a browser keeps the text that is not saved yet.
KEPT = re.compile(r"[a-z0-9]{6,40}")


@require_GET
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    shown: Communication = visible(ROWS, request, pk)
    is_known = is_partial(request) and request.GET.get("seen") == str(shown.version)
    if is_known and request.GET.get("at", "") == whereabouts.of(shown, person(request)).token:
        return HttpResponse(status=204)
    if request.GET.get("mode") == "write" and may_change(request, shown) and shown.is_editable:
        return write(request, shown, TextForm(initial={name: getattr(shown, name) for name in TextForm.base_fields}))
    return read(request, shown)


@require_GET
def news(request: HttpRequest, pk: int) -> HttpResponse:
    """For a tab that shows an older state of the draft: what happened since. 204 for one that is up to date."""
    shown: Communication = visible(Communication.objects.only("version", "tenant_id"), request, pk)
    if request.GET.get("seen") == str(shown.version):
        return HttpResponse(status=204)
    context = {"draft": shown, "news": stage.news_of(shown, person(request)), "is_writing": request.GET.get("mode") == "write"}
    return render(request, "communications/draft_news.html", context)


def may_change(request: HttpRequest, shown: Communication) -> bool:
    return person(request).may_change(shown.account)


def read(request: HttpRequest, shown: Communication, status: int = 200, **more: Any) -> HttpResponse:
    revisions = revisions_of(shown)
    chosen = versions.chosen(request, revisions)
    asked = {
        "may_change": may_change(request, shown),
        "is_already_there": "already" in request.GET and shown.status == Status.READY,
        "chosen": chosen,
        "looked_at": chosen.older,
        "changes": chosen.changes,
    }
    if chosen.older:
        asked["evidence"] = evidence.of(shown, chosen.older.generation)
    context = page(request, shown, revisions) | asked | more
    return render(request, template(request, TEMPLATE, "draft"), context, status=status)


def revisions_of(shown: Communication) -> list[CommunicationRevision]:
    return list(shown.revisions.select_related("author", "approval__by"))


def page(request: HttpRequest, shown: Communication, revisions: list[CommunicationRevision]) -> dict[str, Any]:
    events = list(shown.events.select_related("actor"))
    usual = progress.usual_seconds(shown)
    proven = proof.of(shown)
    delivery = whereabouts.of(shown, person(request), revisions[0].number if revisions else 0)
    return {
        "section": "drafts",
        "draft": shown,
        "steps": progress.steps(shown, events, revisions, len(proven.open), delivery.step),
        "delivery": delivery,
        "usual": usual,
        "writing": progress.writing(shown, events, usual),
        "revisions": revisions,
        "latest": changes.between(revisions[1], revisions[0]) if len(revisions) > 1 else None,
        "events": events,
        "proof": proven,
        "printed": printed.beside(shown),
        "evidence": evidence.of(shown, shown.generation),
        "spent": budget.spent_on(shown),
        "words": sum(any(map(str.isalnum, word)) for word in sanitise.to_text(shown.body_html).split()),
        "is_model_configured": llm.is_configured(),
        "news": NEWS.get(shown.status, ""),
    }


def write(request: HttpRequest, shown: Communication, form: TextForm, status: int = 200) -> HttpResponse:
    media = Media.from_media(form.media).with_nonce(getattr(request, "csp_nonce", ""))
    context = page(request, shown, revisions_of(shown)) | {"may_change": True, "form": form, "media": media, "kept": kept(request)}
    return render(request, TEMPLATE, context, status=status)


def kept(request: HttpRequest) -> str:
    name: str = request.POST.get("kept", "")
    return name if KEPT.fullmatch(name) else ""


@require_http_methods(["GET", "POST"])
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves what was written. A GET, as after signing in again, leads to the editor, which offers the text the browser kept."""
    shown: Communication = changeable(ROWS, request, pk)
    if request.method == "GET":
        return redirect(f"{shown.get_absolute_url()}?mode=write")
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
    # The fragment tells the browser which of the texts it kept is safe now.
    return redirect(f"{shown.get_absolute_url()}{f'#kept-{name}' if (name := kept(request)) else ''}")


def conflict(request: HttpRequest, stale: StaleText, mine: dict[str, str]) -> HttpResponse:
    """Both texts, the other's and mine; nothing was written."""
    current: Communication = ROWS.get(pk=stale.current.pk)
    texts = (changes.words(current.recipients, current.subject, current.body_html), changes.words(**mine))
    own = copy.copy(current)
    own.subject, own.body_html = mine["subject"], mine["body_html"]
    context = {
        "section": "drafts",
        "draft": current,
        "changes": changes.compare(*texts),
        "reason": str(stale),
        "mine": mine,
        "open_mine": len(review.of(own).open),
        "open_theirs": len(review.of(current).open),
        "keep": TextForm(initial=mine | {"version": current.version}),
        "kept": kept(request),
    }
    return render(request, "communications/draft_conflict.html", context, status=409)
