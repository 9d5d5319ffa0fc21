"""What a person decides about a draft in a mailbox. What was found there is said on the draft's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from communications import placement
from communications.forms import StepForm
from communications.models import Communication
from tamdash.pages import changeable, person


@require_POST
def place(request: HttpRequest, pk: int) -> HttpResponse:
    draft: Communication = changeable(Communication.objects.select_related("account"), request, pk)
    form = StepForm(request.POST)
    if form.is_valid() and form.cleaned_data["version"] is not None:
        draft.version = form.cleaned_data["version"]
    try:
        placement.again(draft, person(request))
    except placement.CannotPlace as refused:
        messages.error(request, str(refused))
    return redirect(draft)


@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    draft: Communication = changeable(Communication.objects.all(), request, pk)
    if not placement.look(draft):
        messages.error(request, "There is nothing to look for: no draft was placed in a mailbox.")
    return redirect(draft)
