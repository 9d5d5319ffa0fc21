"""`/handoffs/`: what other software handed over, was handed and asked for. For those who lead."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from communications import exchange_page
from tamdash.pages import leader, template


@require_GET
def handoffs(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    page = exchange_page.of(user, exchange_page.Asked.read(request.GET))
    return render(request, template(request, "communications/handoffs.html", "page"), {"section": "signals", "page": page})
