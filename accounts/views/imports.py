"""`/imports/`: files of tickets, uploaded, looked at, imported and reported on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts import import_forms
from accounts.import_forms import FileForm
from accounts.imports import running, uploading
from accounts.imports.layout import UnreadableFile
from accounts.imports.lease import Status
from accounts.imports.preview import preview
from accounts.models import TicketImport
from accounts.pages.queue_export import line
from accounts.sources.dates import ORDERS
from tamdash.pages import is_partial, leader

LISTED = 100
FIGURES = ("tickets_written", "unchanged", "unmatched", "refused_count")
REFUSALS_SHOWN = 50


def readable(request: HttpRequest, pk: UUID) -> TicketImport:
    """An import of the person's own tenant; 404 if there is none, 403 for a rep."""
    rows = TicketImport.objects.visible_to(request.user).select_related("tenant", "requested_by")
    row: TicketImport = get_object_or_404(rows, pk=pk)
    leader(request)
    return row


@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    rows = TicketImport.objects.visible_to(leader(request)).select_related("requested_by")
    # Not the whole report: it may hold a thousand refusals.
    rows = rows.defer("options", "report").annotate(**{name: F(f"report__{name}") for name in FIGURES})
    return render(request, "accounts/imports.html", {"section": "signals", "imports": list(rows[:LISTED]), "most": LISTED})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    is_sent = request.method == "POST"
    form = FileForm(request.POST, request.FILES) if is_sent else FileForm()
    if is_sent and form.is_valid():
        try:
            return redirect("import", uploading.receive(form.cleaned_data["file"], user).pk)
        except UnreadableFile as unreadable:
            form.add_error("file", str(unreadable))
    return render(request, "accounts/import_new.html", {"section": "signals", "form": form}, status=422 if is_sent else 200)


@require_GET
def imported(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = readable(request, pk)
    return looked_at(request, row) if row.status == Status.UPLOADED else under_way(request, row)


def looked_at(request: HttpRequest, row: TicketImport) -> HttpResponse:
    """The preview, read as the address says."""
    asked = import_forms.choices_from(request.GET)
    context: dict[str, Any] = {"section": "signals", "row": row, "seen": import_forms.address(asked)}
    try:
        found = preview(row, asked)
    except UnreadableFile as unreadable:
        context["unreadable"] = str(unreadable)
    else:
        context |= {
            "preview": found,
            "date_words": ORDERS[found.choices.date_order],
            "reading": import_forms.selects(asked, found.detected, row.tenant.time_zone),
            "columns": list(import_forms.columns(asked, found.detected.layout)),
            "account_column": import_forms.account_column(asked, found.detected, found.account_by),
            "create_accounts": asked.create_accounts,
            "before": TicketImport.objects.filter(tenant=row.tenant, digest=row.digest, status=Status.DONE).first(),
        }
    name = "accounts/import_preview.html"
    return render(request, f"{name}#preview" if is_partial(request) else name, context)


def under_way(request: HttpRequest, row: TicketImport) -> HttpResponse:
    """The whole page; to a page that watches it its progress alone, and once it has ended the rest as well."""
    is_over = row.status in (Status.DONE, Status.FAILED)
    so_far = row.report if is_over else row.report.get("report", {})
    refused = so_far.get("refused", [])
    context = {"section": "signals", "row": row, "is_over": is_over, "report": so_far, "refused": refused[:REFUSALS_SHOWN]}
    context["percent"] = min(100, row.bytes_read * 100 // row.size) if row.size else 0
    context["more"] = max(0, so_far.get("refused_count", 0) - REFUSALS_SHOWN)
    if not is_partial(request):
        return render(request, "accounts/import.html", context)
    if not is_over:
        return render(request, "accounts/import.html#progress", context)
    response = reswap(retarget(render(request, "accounts/import.html#page", context), "#import"), "outerHTML")
    said = f"{row.file_name}: {row.get_status_display().lower()}. {row.error}"
    return trigger_client_event(response, "said", {"text": said}, after="settle")


@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Imports the file as its preview showed it; where something else was chosen since, it is shown again first."""
    row = readable(request, pk)
    asked = import_forms.choices_from(request.POST)
    query = import_forms.address(asked)
    back = f"{reverse('import', args=[pk])}?{query}"
    if "look" in request.POST:
        return redirect(back)
    if query != request.POST.get("seen", ""):
        messages.warning(request, "This is how it would be read now. Nothing was imported yet: look at it, then import.")
        return redirect(back)
    if row.status == Status.UPLOADED:
        try:
            found = preview(row, asked).detected
            found.require()
        except UnreadableFile as unreadable:
            messages.error(request, str(unreadable))
            return redirect(back)
        if running.start(row, found.choices):
            return redirect("import", pk)
    messages.warning(request, "Somebody started or removed it before you did. This is how it stands.")
    return redirect("import", pk)


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = readable(request, pk)
    if running.cancel(row, leader(request)):
        messages.success(request, f"{row.file_name} is cancelled. Nothing of it was imported.")
    else:
        messages.warning(request, "It was too late to cancel: its tickets are being written, or it is over.")
    return redirect("imports")


@require_GET
def refused(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The rows that were refused, as a spreadsheet takes them."""
    row = readable(request, pk)
    if row.status != Status.DONE:
        raise Http404
    rows = [line(["Line", "Reason"]), *(line([refusal["line"], refusal["reason"]]) for refusal in row.report["refused"])]
    response = HttpResponse("\ufeff" + "".join(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="refused-{row.pk}.csv"'
    return response
