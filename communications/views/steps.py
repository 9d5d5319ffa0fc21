"""The steps of a draft's life, each a POST. What could not be done is said on the draft's page, as it is now."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.models import User
from communications import delivery
from communications import drafts as stage
from communications.drafts import DraftError
from communications.forms import ApproveForm, InstructionForm, RejectForm, RestoreForm, SentForm, StepForm
from communications.mailboxes.addresses import BadAddress
from communications.models import Communication, Mailbox
from communications.views import workbench
from tamdash.pages import changeable, person

# What is wrong with these is said beside the field, with what was typed.
BESIDE_THEIR_FIELD: dict[type[StepForm], str] = {RejectForm: "reject", SentForm: "sent"}


def take(request: HttpRequest, pk: int, kind: type[StepForm], step: Callable[..., None], done: str) -> HttpResponse:
    """Takes the step with the form's values on the version the person saw, and says how it went."""
    draft: Communication = changeable(Communication.objects.select_related("account", "tenant"), request, pk)
    form = kind(request.POST)
    if not form.is_valid():
        if kind in BESIDE_THEIR_FIELD and "version" not in form.errors:
            shown = workbench.ROWS.get(pk=pk)
            return workbench.read(request, shown, status=422, refused=form, refused_step=BESIDE_THEIR_FIELD[kind])
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect(draft)
    values = form.cleaned_data
    seen = values.pop("version")
    try:
        step(draft, person(request), draft.version if seen is None else seen, **values)
    except DraftError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done.format(**values))
    return redirect(draft)


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    own = Mailbox.of(person(request))
    download = "Approved. Download it, and your mail program opens it as a draft."
    return take(request, pk, ApproveForm, stage.approve, download if own.is_file else "Approved. It is being placed in your mailbox.")


@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, RejectForm, stage.reject, "Rejected. Its text and versions stay here to be read.")


@require_POST
def regenerate(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, InstructionForm, stage.regenerate, "Writing again. The present text stays among the versions.")


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, StepForm, stop_writing, "Stopped. Nothing was written.")


def stop_writing(draft: Communication, by: User, version: int) -> None:
    """Whatever the writing has come to since the person saw it: they want it to end."""
    stage.stop(draft, by)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, StepForm, stage.retry, "Trying again.")


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, RestoreForm, stage.restore, "Version {number} is the current text again, in review.")


@require_POST
def sent(request: HttpRequest, pk: int) -> HttpResponse:
    return take(request, pk, SentForm, record_sent, "Noted. It is in the account's communication history.")


def record_sent(draft: Communication, by: User, version: int, outcome: str) -> None:
    """Marks it sent; on one that was sent already, notes what came of it."""
    step = stage.note_outcome if draft.status == Communication.Status.SENT else stage.mark_sent
    step(draft, by, version, outcome)


@require_POST
def eml(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as a file. The first download places the draft in the mailbox; later ones only hand it out again."""
    draft: Communication = changeable(Communication.objects.select_related("account"), request, pk)
    try:
        message = delivery.eml(draft, person(request))
        if draft.status != Communication.Status.DELIVERED:
            stage.mark_delivered(draft, person(request), draft.version)
    except (DraftError, BadAddress) as refused:
        messages.error(request, str(refused))
        return redirect(draft)
    headers = {"Content-Disposition": f'attachment; filename="{delivery.file_name(draft)}"'}
    return HttpResponse(message, content_type="message/rfc822", headers=headers)
