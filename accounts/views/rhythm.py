"""How often an account gets a check-in and a review by the calendar."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.forms import RhythmForm
from accounts.models import Account
from tamdash.pages import changeable


def intervals(account: Account) -> dict[str, int]:
    """In months, 0 for none: the account's own, or the tenant's where it has none."""
    own = {"checkin": account.checkin_every_months, "review": account.review_every_months}
    config = account.tenant.config
    every = {"checkin": config.checkin_every_months, "review": config.review_every_months}
    return {name: every[name] if months is None else months for name, months in own.items()}


@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    changeable(Account.objects.active(), request, pk)
    form = RhythmForm(request.POST)
    if form.is_valid():
        Account.objects.filter(pk=pk).update(**form.cleaned_data)
        messages.success(request, "Kept. It holds from the next 1st of a month.")
    else:
        messages.error(request, str(next(iter(form.errors.values()))[0]))
    return redirect("account", pk)
