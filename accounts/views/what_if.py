"""`/accounts/<id>/what-if/`: the account's page with the actions ticked that the URL names, or the part of it that shows them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Account
from accounts.pages.overview import Overview
from accounts.pages.what_if import Asked, WhatIf
from accounts.views import account
from tamdash.pages import is_partial, person, visible


@require_GET
def what_if(request: HttpRequest, pk: int) -> HttpResponse:
    asked = Asked.read(request.GET)
    if not is_partial(request):
        return account.show(request, pk, asked)
    shown: Account = visible(Account.objects.select_related("owner", "tenant", "health", "heartbeat"), request, pk)
    context = {
        "account": shown,
        "what_if": WhatIf(Overview(shown, timezone.now()), asked),
        "may_change": shown.is_active and person(request).may_change(shown),
    }
    return render(request, "accounts/path.html", context)
