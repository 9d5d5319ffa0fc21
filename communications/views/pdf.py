"""`/drafts/<id>/pdf/`: a draft as a file to hand out or to print."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from communications import delivery
from communications import pdf as pdfs
from communications.models import Communication
from tamdash.pages import visible


@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """On A4, or with `?paper=letter` on Letter. Where it cannot be made, 503 and what to do meanwhile."""
    draft: Communication = visible(Communication.objects.select_related("account__owner", "tenant", "generation"), request, pk)
    if not draft.body_html:
        messages.error(request, "There is no text yet, so there is no PDF.")
        return redirect(draft)
    try:
        content = pdfs.of(draft, request.GET.get("paper", ""))
    except pdfs.NoPdf as reason:
        return render(request, "communications/no_pdf.html", {"draft": draft, "reason": reason}, status=503)
    name = delivery.file_name(draft).removesuffix(".eml")
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})
