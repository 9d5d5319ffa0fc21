"""What people choose for themselves."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tamdash.pages import person


@require_POST
def morning_digest(request: HttpRequest) -> HttpResponse:
    """Turns one's own morning digest on or off, and goes back to where one was."""
    user = person(request)
    user.wants_morning_digest = request.POST.get("wanted") == "yes"
    user.save(update_fields=["wants_morning_digest"])
    on = "The morning digest is on: a mail after the daily scan, when there is something to say."
    messages.success(request, on if user.wants_morning_digest else "The morning digest is off.")
    back = request.POST.get("next", "")
    known = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if known and back.startswith("/") else reverse("portfolio"))
