"""A person's opinion of an account: given, which replaces the one before, and withdrawn."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts import opinions
from accounts.forms import OpinionForm
from accounts.models import Account
from tamdash.pages import changeable, person


@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    account: Account = changeable(Account.objects.active().select_related("tenant"), request, pk)
    form = OpinionForm(request.POST)
    if not form.is_valid():
        wrong = next(iter(form.errors))
        form.fields[wrong].widget.attrs["autofocus"] = wrong != "view"  # three radios cannot have it: their group does
        context = {"account": account, "opinion_form": form, "wrong": wrong, "section": "portfolio"}
        return render(request, "accounts/opinion_form.html", context, status=422)
    given = form.cleaned_data
    try:
        opinions.give(account, person(request), given["view"], given["reason"], given["days"])
    except opinions.NotNow as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, "Your opinion stands beside the score, which stays as it is.")
    return redirect("account", pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    account: Account = changeable(Account.objects.active(), request, pk)
    if opinions.withdraw(account):
        messages.success(request, "Opinion withdrawn.")
    else:
        messages.warning(request, "The opinion had ended already. Nothing was changed.")
    return redirect("account", pk)
