"""`/accounts/<id>/`: one account, and “Scan now”."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import heartbeats, scan
from accounts.forms import OpinionForm
from accounts.freshness import with_sources
from accounts.models import Account
from accounts.models.profile import CommunicationType
from accounts.pages.account_log import with_changes
from accounts.pages.overview import Overview
from accounts.pages.profile_parts import PARTS, offer_maturity, parts_of, with_parts
from accounts.pages.what_if import Asked, WhatIf
from accounts.policy_days import with_adopted
from accounts.views import rhythm
from tamdash.pages import changeable, person, visible
from tamdash.templatetags.tamdash import signed


@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, pk)


def show(request: HttpRequest, pk: int, asked: Asked | None = None) -> HttpResponse:
    """The page, with the what-if that is asked for; the shortest path to Green if none is."""
    user, now = person(request), timezone.now()
    accounts = Account.objects.select_related("owner", "tenant", "health", "heartbeat")
    shown = visible(with_changes(with_adopted(with_sources(with_parts(accounts, now)))), request, pk)
    parts = parts_of(shown)
    page = Overview(shown, now)
    may_change = shown.is_active and user.may_change(shown)
    if may_change:
        offer_maturity(shown, parts["stakeholders"], now)
    context = {
        "section": "portfolio",
        "account": shown,
        "page": page,
        "what_if": WhatIf(page, asked),
        "parts": [(part, parts[slug]) for slug, part in PARTS.items()],
        "may_change": may_change,
        "ping_address": heartbeats.address(shown) if may_change else "",
        "rhythm": rhythm.intervals(shown),
        "currency": shown.tenant.config.currency,
        "communication_types": GENERATE,
        "opinion_form": OpinionForm(),
        "now": now,
    }
    return render(request, "accounts/account.html", context)


GENERATE = [
    (CommunicationType.ESCALATION_OUTREACH, "What is wrong, who acts, next step"),
    (CommunicationType.RELEASE_NOTES, "The latest release, filtered to what they use"),
    (CommunicationType.ROADMAP_PREVIEW, "What is planned for their integrations"),
    (CommunicationType.HEALTH_CHECKIN, "Score, trend, open questions"),
    (CommunicationType.CUSTOMER_SUCCESS_REVIEW, "The whole picture for the sponsor"),
]


@require_POST
def scan_now(request: HttpRequest, pk: int) -> HttpResponse:
    scanned: Account = changeable(Account.objects.active().select_related("tenant", "health"), request, pk)
    before = scanned.health.score if hasattr(scanned, "health") else None
    scan.scan_account(scanned, by=person(request))
    after = Account.objects.select_related("health").get(pk=pk).health
    change = "first score" if before is None else f"{signed(after.score - before)} since the last scan"
    messages.success(request, f"Scanned now: {after.score}, {after.rag}, {change}.")
    return redirect("account", pk)
