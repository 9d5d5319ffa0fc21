"""`/policies/`: the versions of the score's numbers, one beside the policy in force, and what a back-test of it found."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from accounts import backtest, policies
from accounts.forms import BacktestForm
from accounts.models import Backtest, ScoringPolicy
from accounts.pages import policy_page
from accounts.policies import PolicyError
from tamdash.pages import is_partial, leader, person


def readable(request: HttpRequest, version: int) -> ScoringPolicy:
    """The version of the person's own tenant; 404 if there is none, 403 for a rep."""
    rows = ScoringPolicy.objects.visible_to(request.user).select_related("tenant", "activated_by")
    policy: ScoringPolicy = get_object_or_404(rows, version=version)
    leader(request)
    return policy


def changeable(request: HttpRequest, version: int) -> ScoringPolicy:
    """The same for admins alone."""
    policy = readable(request, version)
    if not person(request).is_staff:
        raise PermissionDenied("Only admins can change this. Ask one of them.")
    return policy


@require_GET
def versions(request: HttpRequest) -> HttpResponse:
    user = leader(request)
    context = {"section": "policies", "versions": policy_page.versions(user.tenant), "may_change": user.is_staff}
    return render(request, "accounts/policies.html", context)


@require_GET
def version(request: HttpRequest, version: int) -> HttpResponse:
    return page(request, readable(request, version))


def page(request: HttpRequest, policy: ScoringPolicy, form: BacktestForm | None = None, status: int = 200) -> HttpResponse:
    """The whole page; to a page that watches a back-test its progress alone, and once that has ended the rest as well."""
    rows = list(policy.backtests.select_related("against", "requested_by").defer("accounts", "report", "rules")[: policy_page.SHOWN])
    running = next((row for row in rows if row.finished_at is None), None)
    context: dict[str, Any] = {"policy": policy, "progress": policy_page.progress(running) if running else None}
    if is_partial(request) and running:
        return render(request, "accounts/policy.html#progress", context)
    context |= {
        "section": "policies",
        "page": policy_page.PolicyPage(policy, rows, request.GET.get("backtest", "")),
        "may_change": person(request).is_staff,
        "form": form or BacktestForm(initial={"days": backtest.DAYS}),
    }
    if not is_partial(request):
        return render(request, "accounts/policy.html", context, status=status)
    response = reswap(retarget(render(request, "accounts/policy.html#page", context), "#policy"), "outerHTML")
    return trigger_client_event(response, "said", {"text": ended(rows)}, after="settle")


def ended(rows: list[Backtest]) -> str:
    return f"Back-test {rows[0].get_status_display().lower()}. {rows[0].failure}" if rows else ""


@require_POST
def start(request: HttpRequest, version: int) -> HttpResponse:
    policy = changeable(request, version)
    form = BacktestForm(request.POST)
    if not form.is_valid():
        return page(request, policy, form, status=422)
    return step(request, policy, lambda: backtest.start(policy, person(request), form.cleaned_data["days"]))


@require_POST
def activate(request: HttpRequest, version: int) -> HttpResponse:
    policy = changeable(request, version)
    done = f"{policy} is in force. {policies.CONSEQUENCE}. Past scores stay as they were."
    return step(request, policy, lambda: policies.activate(policy, person(request)), done)


def step(request: HttpRequest, policy: ScoringPolicy, take: Callable[[], object], done: str = "") -> HttpResponse:
    """Takes the step, says how it went, and shows the policy."""
    try:
        take()
    except PolicyError as lost:
        messages.warning(request, str(lost))
    else:
        if done:
            messages.success(request, done)
    return redirect(policy)


@require_POST
def copy(request: HttpRequest, version: int) -> HttpResponse:
    policy = changeable(request, version)
    draft = policies.copy(policy)
    messages.success(request, f"{draft} is a draft with the numbers of {str(policy).lower()}. Edit them, then back-test it.")
    return redirect(draft)
