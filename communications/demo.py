"""What the demo's customers are told about: releases of the invented product, and its roadmap."""

from datetime import date, datetime, time, timedelta

from accounts.demo.calendar import RELEASES_DAYS_AGO
from accounts.models import Tenant
from communications.models import Release, RhythmRun, RoadmapItem
from communications.rhythm import KINDS

RELEASES = (
    {
        "version": "4.16.0",
        "features": ["Saved filters in the order console", "Audit log can be exported as CSV"],
        "fixes": ["Reports respect the saved time zone"],
        "affected_features": ["Order console", "Audit log", "Report builder"],
    },
    {
        "version": "4.17.0",
        "features": ["Event rules can be tested against past events", "Single sign-on maps nested groups"],
        "fixes": ["The nightly CRM sync keeps manual edits", "Log shipping reconnects after a key change"],
        "affected_integrations": ["CRM sync", "Log shipping", "Single sign-on"],
        "affected_features": ["Event rules"],
        "affected_environments": ["SAML single sign-on"],
    },
    {
        "version": "4.18.0",
        "features": ["Warehouse export writes Parquet", "Carrier scorecards compare two periods", "API v3 streams large orders"],
        "fixes": ["Order sync accepts messages over 1 MB", "No duplicate shipments after a retry"],
        "breaking_changes": ["API v2 answers 410 from 1 March on: move to API v3"],
        "affected_integrations": ["ERP connector", "Warehouse export", "Data lake export"],
        "affected_features": ["API v3", "Carrier scorecards", "Warehouse export"],
    },
)
# Written, and not published yet: whom it matters to is there to be looked at.
UPCOMING = {
    "version": "4.19.0",
    "features": ["Order console opens saved views by link", "Batch API reports progress"],
    "fixes": ["Carrier scorecards count split shipments once"],
    "breaking_changes": ["Kubernetes 1.31 is no longer supported: update to 1.33 first"],
    "affected_integrations": ["Warehouse export"],
    "affected_features": ["Order console", "Carrier scorecards"],
    "affected_environments": ["Kubernetes 1.31"],
}
COMES_IN = timedelta(days=8)
ROADMAP = (  # title, description, status, quarters from now
    ("Event rules as code", "Rules live in Git, are reviewed there and deployed by a pipeline.", "building", 1),
    ("Returns portal for partners", "Resellers enter returns themselves, with labels and status.", "building", 1),
    ("Forecast of warehouse load", "Tomorrow's load from today's orders, per warehouse and hour.", "planned", 1),
    ("Large-message order sync", "Orders of any size are streamed instead of sent whole.", "planned", 2),
    ("Multi-region failover", "A second region takes over within minutes, rehearsed each quarter.", "exploring", 3),
    ("Carrier scorecards for APAC", "Scorecards with the carriers and service levels of the region.", "exploring", 3),
)


def add_releases(tenant: Tenant, today: date) -> None:
    published = [(today - timedelta(days=ago), release) for ago, release in zip(RELEASES_DAYS_AGO, RELEASES, strict=True)]
    Release.objects.bulk_create(
        Release(tenant=tenant, released_on=day, is_published=True, published_at=noon(tenant, day), **release) for day, release in published
    )
    Release.objects.create(tenant=tenant, released_on=today + COMES_IN, **UPCOMING)
    RoadmapItem.objects.bulk_create(
        RoadmapItem(tenant=tenant, title=title, description=description, status=status, horizon=quarter(today, ahead))
        for title, description, status, ahead in ROADMAP
    )


def skip_this_month(tenant: Tenant, today: date) -> None:
    """The demo's past has its check-ins already: without this, its first days of a month would begin with one for everybody."""
    RhythmRun.objects.bulk_create(
        RhythmRun(tenant=tenant, communication_type=kind, period=today.replace(day=1), finished_at=noon(tenant, today)) for kind in KINDS
    )


def noon(tenant: Tenant, day: date) -> datetime:
    return datetime.combine(day, time(12), tenant.zone)


def quarter(today: date, ahead: int) -> str:
    years, number = divmod((today.month - 1) // 3 + ahead, 4)
    return f"Q{number + 1} {today.year + years}"
