"""`/releases/`: what customers are told about, whom a release matters to and why, and the drafts of it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts.models import User
from communications import on_record, rhythm
from communications import releases as stage
from communications.audience import Audience, Line
from communications.models import Release, RhythmRun, RoadmapItem
from communications.release_forms import AudienceForm
from tamdash.pages import is_partial, leader, person, visible

PAGE_SIZE = 50
MOST_RELEASES = 100
MOST_RUNS = 6
CONTENT = {
    "breaking_changes": "Breaking changes",
    "features": "New features",
    "fixes": "Fixes",
    "affected_integrations": "Affected integrations",
    "affected_features": "Affected features",
    "affected_environments": "Affected environments",
}
WAITS = Q(communications__status__in=("queued", "generating"))


@require_GET
def releases(request: HttpRequest) -> HttpResponse:
    user = person(request)
    found = Release.objects.visible_to(user).select_related("published_by")
    counted = found.annotate(drafts=Count("communications"), under_way=Count("communications", filter=WAITS))
    open_items = RoadmapItem.objects.visible_to(user).exclude(status=RoadmapItem.Status.SHIPPED)
    context = {
        "section": "releases",
        "releases": list(counted.order_by("-released_on", "-id")[:MOST_RELEASES]),
        "planned": open_items.count(),
        "may_change": user.leads,
        "next_at": rhythm.next_instant(user.tenant, timezone.now()),
        "runs": list(RhythmRun.objects.filter(tenant=user.tenant_id).exclude(finished_at__isnull=False, drafted=0, skipped=0)[:MOST_RUNS]),
    }
    return render(request, "communications/releases.html", context)


@dataclass(frozen=True)
class Shown:
    """A line of the audience, and the address that leaves the account out, or puts it back."""

    line: Line
    is_left_out: bool
    toggle: str


@require_GET
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page; to a page that watches the drafts being written their progress alone, and once that has ended the rest as well."""
    user = person(request)
    row: Release = visible(Release.objects.select_related("tenant", "published_by"), request, pk)
    progress = stage.progress(row, user)
    context: dict[str, Any] = {"release": row, "progress": progress}
    if is_partial(request) and progress.under_way:
        return render(request, "communications/release.html#progress", context)
    context |= audience(row, user, AudienceForm.read(request.GET))
    context |= {"section": "releases", "may_change": user.leads, "may_draft": user.leads or row.is_published}
    context["unknown"] = on_record.unknown(row)
    context["content"] = [(title, getattr(row, name)) for name, title in CONTENT.items()]
    if not is_partial(request):
        return render(request, "communications/release.html", context)
    response = reswap(retarget(render(request, "communications/release.html#page", context), "#release"), "outerHTML")
    return trigger_client_event(response, "said", {"text": f"{progress.ready} drafts are ready, {progress.failed} failed."}, after="settle")


def audience(row: Release, user: User, asked: AudienceForm) -> dict[str, Any]:
    people = Audience(row, user, asked.only, asked.left_out)
    counts = people.counts()
    found = people.lines(PAGE_SIZE + 1, (asked.number - 1) * PAGE_SIZE)
    return {
        "counts": counts,
        "only": people.chosen,
        "without": ",".join(map(str, asked.left_out)),
        "left_out": len(asked.left_out),
        "lines": [shown(line, asked) for line in found[:PAGE_SIZE]],
        "page_number": asked.number,
        "has_next": len(found) > PAGE_SIZE,
        "seen": stage.seen(row),
    }


def shown(line: Line, asked: AudienceForm) -> Shown:
    is_left_out = line.pk in asked.left_out
    others = [pk for pk in asked.left_out if pk != line.pk]
    return Shown(line, is_left_out, ",".join(map(str, others if is_left_out else [*others, line.pk])))


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Publishes and drafts, as the page that was looked at said it would."""
    row: Release = visible(Release.objects.all(), request, pk)
    user = person(request) if row.is_published else leader(request)
    asked = AudienceForm.read(request.POST)
    seen_before = asked.cleaned_data.get("seen") or ""
    try:
        count = stage.draft_for(row, user, seen_before=seen_before, only=asked.only, without=asked.left_out)
    except stage.ReleaseError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, drafted(row, count))
    return redirect("release", pk)


def drafted(row: Release, count: int) -> str:
    if count == 0:
        return f"Release {row} is published. There was no account left to draft for."
    return f"Drafting notes of {row} for {count} {'account' if count == 1 else 'accounts'}. You may leave meanwhile."


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    row: Release = visible(Release.objects.all(), request, pk)
    count = stage.retry_failed(row, person(request))
    if count:
        messages.success(request, f"Trying {count} {'draft' if count == 1 else 'drafts'} again.")
    else:
        messages.warning(request, "Nothing was tried again: no draft of yours has failed by now.")
    return redirect(f"{reverse('release', args=[pk])}#progress")
