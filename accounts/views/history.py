"""`/accounts/<id>/history/`: what moved the score between any two scans, the score at any past instant, and receipts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from accounts import recorded
from accounts.models import Account, HealthSnapshot
from accounts.pages.history import InstantForm, ScansForm, past
from accounts.pages.move_lines import Told, tell
from accounts.pages.portfolio import whole
from tamdash.pages import is_partial, template, visible
from tamdash.templatetags.tamdash import signed

COMPARABLE = 200  # scans in each of the two lists
PAGE_SIZE = 90
LARGEST_ID = 2**63 - 1


@require_GET
def history(request: HttpRequest, pk: int) -> HttpResponse:
    account: Account = visible(Account.objects.select_related("tenant"), request, pk)
    latest = list(recorded.snapshots(account)[: COMPARABLE + 1])
    last = last_seen(account, request.GET.get("older", ""))
    shown = older_than(account, last) if last else latest[: PAGE_SIZE + 1]
    scans, told = compared(request, account, latest[:COMPARABLE])
    instant = InstantForm(request.GET if "at" in request.GET else None, zone=account.tenant.zone, now=timezone.now())
    context: dict[str, Any] = {
        "section": "portfolio",
        "account": account,
        "scans": scans,
        "told": told,
        "instant": instant,
        "past": past(account, instant.cleaned_data["instant"]) if instant.is_bound and instant.is_valid() else None,
        "rows": rows(shown),
        "older": shown[PAGE_SIZE - 1].scan_id if len(shown) > PAGE_SIZE else None,
        "is_older": bool(last),
    }
    status = 422 if scans.errors or instant.errors else 200
    response = render(request, template(request, "accounts/history.html", "page"), context, status=status)
    return trigger_client_event(response, "said", {"text": said(context)}) if is_partial(request) else response


def said(context: dict[str, Any]) -> str:
    """The answer for who cannot see that the page changed; errors are announced where they stand."""
    if past := context["past"]:
        return f"{past.scored.score}, {past.scored.rag}, at that moment."
    told: Told | None = context["told"]
    return f"From {told.before.score} to {told.after.score}, {signed(told.change)}." if told and not context["instant"].errors else ""


def compared(request: HttpRequest, account: Account, latest: Sequence[HealthSnapshot]) -> tuple[ScansForm, Told | None]:
    """The two scans that the address names, or else the last that changed the score and the one before."""
    asked = {name: request.GET[name] for name in ("before", "after") if name in request.GET}
    numbers = {whole(value, LARGEST_ID) for value in asked.values()} - {snapshot.scan_id for snapshot in latest} - {None}
    further = list(recorded.snapshots(account).filter(scan_id__in=numbers)) if numbers else []  # from a page of older scans
    form = ScansForm(asked or last_move(latest), known=[*latest, *further])
    pair = form.pair() if len(latest) > 1 else None
    if pair is None:
        if not asked:
            form.errors.clear()
        return form, None
    return form, tell(recorded.moved(*pair, recorded.tickets_at(account, *pair)))


def last_move(latest: Sequence[HealthSnapshot]) -> dict[str, int]:
    """The last change of the score; where it never changed, the last two scans."""
    pairs = list(pairwise(latest))
    for new, old in [pair for pair in pairs if pair[0].score != pair[1].score] + pairs:
        return {"before": old.scan_id, "after": new.scan_id}
    return {}


def last_seen(account: Account, scan: str) -> HealthSnapshot | None:
    """The scan after which a page of older ones begins; None if the address names none."""
    pk = whole(scan, LARGEST_ID)
    found: HealthSnapshot | None = recorded.snapshots(account).filter(scan_id=pk).first() if pk else None
    return found


def older_than(account: Account, last: HealthSnapshot) -> list[HealthSnapshot]:
    at = last.scan.at
    same_instant = Q(scan__at=at, scan_id__lt=last.scan_id)
    return list(recorded.snapshots(account).filter(Q(scan__at__lt=at) | same_instant, scan__at__lte=at)[: PAGE_SIZE + 1])


def rows(shown: Sequence[HealthSnapshot]) -> list[tuple[HealthSnapshot, int | None, int | None]]:
    """Each scan with the change from the one before it, and that one's number; the last is only compared with."""
    pairs = zip(shown, [*shown[1:], None], strict=False)
    found = [(now, now.score - before.score if before else None, before.scan_id if before else None) for now, before in pairs]
    return found[:PAGE_SIZE]


@require_GET
def receipt(request: HttpRequest, pk: int, scan: int) -> HttpResponse:
    """The receipt as a file; 409 with the reason if today's records no longer lead to the score."""
    account: Account = visible(Account.objects.select_related("tenant"), request, pk)
    snapshot = recorded.snapshots(account).filter(scan_id=scan).first() if scan <= LARGEST_ID else None
    if snapshot is None:
        raise Http404
    try:
        made = recorded.receipt(snapshot, account)
    except recorded.NotRebuilt as error:
        context: dict[str, Any] = {"section": "portfolio", "account": account, "snapshot": snapshot, "reason": str(error)}
        return render(request, "accounts/receipt_refused.html", context, status=409)
    name = f"receipt-{slugify(account.external_id) or account.pk}-{scan}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(made.text(), content_type="application/json", headers=headers)
