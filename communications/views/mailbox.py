"""`/mailbox/`: where one's own approved drafts go. Nobody sees or sets another's."""

import secrets

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communications.mailbox_forms import MailboxForm
from communications.mailboxes import connecting
from communications.mailboxes.doors import CODE
from communications.mailboxes.gmail_consent import consent_url
from communications.models import Mailbox
from tamdash.pages import is_partial, person, template

SALT = "tamdash.mailbox.gmail"
STATE = "gmail_state"  # in the session
STATE_LIVES = 600  # seconds
LONGEST_CODE = 2000


@require_http_methods(["GET", "POST"])
def mailbox(request: HttpRequest) -> HttpResponse:
    row = Mailbox.of(person(request))
    if request.method == "GET":
        if is_partial(request) and request.GET.get("asked") and row.is_being_tested:
            return HttpResponse(status=204)
        return page(request, MailboxForm(instance=row))
    form = MailboxForm(request.POST, instance=row)
    if not form.is_valid():
        return page(request, form, status=422)
    kept = form.keep()
    where = (
        "Drafts you approve are files to download." if kept.is_file else "Drafts you approve go there. Test it to be sure that it works."
    )
    messages.success(request, f"Saved. {where}")
    return redirect("mailbox")


def page(request: HttpRequest, form: MailboxForm, status: int = 200) -> HttpResponse:
    kept = Mailbox.of(person(request))  # what is typed and refused is not what is there
    context = {
        "form": form,
        "mailbox": kept,
        "is_set_up": not kept.is_file and bool(kept.secret),
        "has_google": bool(settings.GOOGLE_CLIENT_ID),
    }
    return render(request, template(request, "communications/mailbox.html", "test"), context, status=status)


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    row = Mailbox.of(person(request))
    if row.is_file:
        messages.error(request, "There is nothing to test: a file needs no connection.")
    else:
        connecting.ask_for_test(row)
    return redirect("mailbox")


@require_POST
def disconnect(request: HttpRequest) -> HttpResponse:
    """Forgets the secret. What lies in the mailbox stays there."""
    Mailbox.objects.filter(user=person(request)).update(
        kind=Mailbox.Kind.EML, secret="", test_asked_at=None, tested_at=None, test_ok=False, test_says=""
    )
    messages.success(request, "Disconnected, and the secret is forgotten. Drafts you approve are files to download.")
    return redirect("mailbox")


@require_GET
def connect_gmail(request: HttpRequest) -> HttpResponse:
    """To Google's page. What comes back is taken in this session only."""
    if not settings.GOOGLE_CLIENT_ID:
        messages.error(request, "Gmail is not set up: whoever runs tamdash sets TAMDASH_GOOGLE_CLIENT_ID and its secret.")
        return redirect("mailbox")
    request.session[STATE] = secrets.token_urlsafe(24)
    state = signing.dumps([person(request).pk, request.session[STATE]], salt=SALT)
    return redirect(consent_url(state, connecting.redirect_address()))


@require_GET
def gmail(request: HttpRequest) -> HttpResponse:
    """Where Google leads back to. A worker exchanges the code: pages ask no other system."""
    user, code = person(request), request.GET.get("code", "")
    if not is_expected(request):
        messages.error(request, "Gmail was not connected: Google's answer took too long, or was not for you. Connect again.")
    elif not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        messages.error(request, "Gmail was not connected: you did not allow it. Nothing has changed.")
    else:
        values = {"kind": Mailbox.Kind.GMAIL, "secret": CODE + code, "username": "", "tested_at": None, "test_ok": False, "test_says": ""}
        row, _ = Mailbox.objects.update_or_create(user=user, defaults=values | {"test_asked_at": timezone.now()})
        connecting.ask_for_test(row)
    return redirect("mailbox")


def is_expected(request: HttpRequest) -> bool:
    """Whether this session asked Google for that answer, just now. It counts once."""
    asked = request.session.pop(STATE, None)
    try:
        said = signing.loads(request.GET.get("state", ""), salt=SALT, max_age=STATE_LIVES)
    except signing.BadSignature:
        return False
    return asked is not None and said == [person(request).pk, asked]
