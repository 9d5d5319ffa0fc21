"""Editing a part of the profile in place: add, edit and remove a row. Works as pages of their own without script."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.models import Account, Stakeholder
from accounts.pages.profile_parts import PARTS, Part, offer_maturity
from tamdash.pages import changeable, is_partial, template


def add(request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """The empty form (GET) or a new row (POST)."""
    account, chosen = find(request, pk, part)
    return answer(request, account, chosen, chosen.model(account=account))


def edit(request: HttpRequest, pk: int, part: str, row: int) -> HttpResponse:
    account, chosen = find(request, pk, part)
    return answer(request, account, chosen, get_object_or_404(chosen.rows_of(account), pk=row))


@require_POST
def remove(request: HttpRequest, pk: int, part: str, row: int) -> HttpResponse:
    account, chosen = find(request, pk, part)
    gone = get_object_or_404(chosen.rows_of(account), pk=row)
    gone.delete()
    return panel(request, account, chosen, f"{gone} removed.")


@require_POST
def set_maturity(request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Sets a stakeholder's maturity alone, to what was suggested: what else somebody edits meanwhile stays."""
    account, chosen = find(request, pk, "stakeholders")
    person = get_object_or_404(chosen.rows_of(account), pk=row)
    given = request.POST.get("technical_maturity", "")
    if given not in Stakeholder.Maturity.values:
        return HttpResponse("Choose low, medium or high.", status=422, content_type="text/plain")
    chosen.rows_of(account).filter(pk=row).update(technical_maturity=given)
    return panel(request, account, chosen, f"{person}'s maturity is {given} now.")


def find(request: HttpRequest, pk: int, part: str) -> tuple[Account, Part]:
    account: Account = changeable(Account.objects.select_related("tenant", "owner"), request, pk)
    if part not in PARTS:
        raise Http404
    return account, PARTS[part]


@require_GET
def rows(request: HttpRequest, pk: int, part: str) -> HttpResponse:
    """The part as it stands: where “Cancel” leads."""
    account, chosen = find(request, pk, part)
    return panel(request, account, chosen)


def answer(request: HttpRequest, account: Account, part: Part, row: Any) -> HttpResponse:
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    form = part.form(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid() and saved(form):
        return panel(request, account, part, f"{form.instance} saved.")
    offer(account, part, [row])
    context = {"account": account, "part": part, "form": form, "row": row, "section": "portfolio"}
    status = 422 if form.errors else 200
    return render(request, template(request, "accounts/profile_form.html", "form"), context, status=status)


def saved(form: ModelForm[Any]) -> bool:
    """Saves, or says on the form that the account has a row of that name: the constraint decides, not a look beforehand."""
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        form.add_error("name", "There is one of this name already. Edit that one.")
        return False
    return True


def panel(request: HttpRequest, account: Account, part: Part, done: str = "") -> HttpResponse:
    """The part's rows, and to who cannot see the page what was done."""
    if not is_partial(request):
        if done:
            messages.success(request, done)
        return redirect(f"{reverse('account', args=[account.pk])}#{part.slug}")
    rows = list(part.rows_of(account))
    offer(account, part, rows)
    context = {"account": account, "part": part, "rows": rows, "may_change": True}
    response = render(request, "accounts/profile_panel.html", context)
    return trigger_client_event(response, "said", {"text": done}) if done else response


def offer(account: Account, part: Part, rows: list[Any]) -> None:
    if part.slug == "stakeholders":
        offer_maturity(account, rows, timezone.now())
