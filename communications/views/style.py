"""`/reports/style/`: the house style. Everybody reads the rules in force; managers decide which those are."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from communications import style_page, style_rules
from communications.forms import StyleForm
from communications.models import StyleRule
from communications.style_rules import StyleError
from tamdash.pages import leader, person, visible

Status = StyleRule.Status
DONE: dict[str, str] = {
    Status.ACCEPTED: "Accepted. The model is told from the next text on.",
    Status.REJECTED: "Rejected. It is not proposed again.",
    Status.PROPOSED: "Taken back. It waits to be decided on.",
}


@require_GET
def style(request: HttpRequest) -> HttpResponse:
    return page(request)


def page(request: HttpRequest, refused: StyleForm | None = None, rule: StyleRule | None = None) -> HttpResponse:
    user = person(request)
    shown = style_page.of(user, refused, rule)
    context = {"section": "reports" if user.leads else "style", "page": shown, "may_change": user.leads, "refused_rule": rule}
    return render(request, "communications/style.html", context, status=422 if refused else 200)


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    form = StyleForm.of(None, request.POST)
    if not form.is_valid():
        return page(request, form)
    return step(request, lambda: style_rules.add(user.tenant, user, **form.cleaned_data), DONE[Status.ACCEPTED])


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    rule, user = of_leader(request, pk)
    status, seen = request.POST.get("status", ""), request.POST.get("seen", "")
    if status not in DONE:
        messages.error(request, "Nothing was done: the page named no decision. Reload it, then try again.")
        return redirect("style")
    return step(request, lambda: style_rules.decide(rule, user, seen, status), DONE[status])


@require_POST
def reword(request: HttpRequest, pk: int) -> HttpResponse:
    rule, user = of_leader(request, pk)
    form, seen = StyleForm.of(rule, request.POST), request.POST.get("seen", "")
    if not form.is_valid():
        return page(request, form, rule)
    return step(request, lambda: style_rules.reword(rule, user, seen, **form.cleaned_data), DONE[Status.ACCEPTED])


def of_leader(request: HttpRequest, pk: int) -> tuple[StyleRule, User]:
    """404 before 403: another tenant's rule does not exist for anybody here."""
    rule: StyleRule = visible(StyleRule.objects.select_related("tenant"), request, pk)
    return rule, leader(request)


def step(request: HttpRequest, take: Callable[[], object], done: str) -> HttpResponse:
    try:
        take()
    except StyleError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("style")
