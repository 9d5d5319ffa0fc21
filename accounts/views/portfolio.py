"""`/`: the portfolio as tiles, timeline or table, filtered by its URL."""

from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts import freshness, policy_days
from accounts.forms import GROUPS, TURNS, PortfolioState
from accounts.models import Account, User
from accounts.pages import changes, heatmap, unmatched, week
from accounts.pages import portfolio as reads
from accounts.pages.changes import Changes
from accounts.pages.portfolio import Row, Summary
from accounts.pages.remembered import etag, remembered
from tamdash.context import pulse
from tamdash.pages import is_partial, person
from tamdash.templatetags.tamdash import span

TEMPLATE = "accounts/portfolio.html"


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    user = person(request)
    found = pulse(request, user)
    notices = remembered((found.version, "notices", user.leads, f"{timezone.now():%H%M}"), lambda: notices_for(user))
    version = found.version if request.GET.get("view") != "plan" else f"{found.version}.{timezone.now():%y%j%H}"
    tag = etag(request, found, notices, version)
    response = get_conditional_response(request, etag=tag) if tag else None
    if response is None:
        body = remembered((version, "body", user.pk, request.GET.urlencode(), notices), lambda: rendered(request, user, version, notices))
        response = HttpResponse(body) if is_partial(request) else render(request, TEMPLATE, {"section": "portfolio", "body": body})
        if tag:
            response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def rendered(request: HttpRequest, user: User, now: str, notices: "Notices") -> SafeString:
    """All of the page but its frame. It holds no form's token, so that it stays good as long as the portfolio does."""
    return render_to_string(f"{TEMPLATE}#page", page(request, user, now) | notices._asdict(), request)


class Notices(NamedTuple):
    """What stands above the scores, in words; empty where there is nothing to say."""

    stale_notice: str
    unmatched_notice: str


def notices_for(user: User) -> Notices:
    """Each for who can act on it. Questions to the clock, so they are asked anew each minute."""
    return Notices(stale_notice(user), unmatched_notice(user) if user.leads else "")


def unmatched_notice(user: User) -> str:
    count = unmatched.waiting(user.tenant)
    more = "or more " if count == unmatched.MOST_COUNTED else ""
    return f"{count:,} {more}open {'ticket belongs' if count == 1 else 'tickets belong'} to no known account" if count else ""


def stale_notice(user: User) -> str:
    """What stopped reporting, in words; empty if nothing did. A question to the clock, so it is asked anew each minute."""
    stale = freshness.stale_sources(user.tenant, timezone.now())
    return ", ".join(
        f"{source.name} last {'came' if source.key == freshness.HEARTBEATS else 'reported'} {span(source.age)} ago" for source in stale
    )


def page(request: HttpRequest, user: User, now: str) -> dict[str, Any]:
    """The context of the page. All that costs is remembered under the portfolio's version and what was asked."""
    owners = remembered((now, "owners", user.pk), lambda: reads.owners(user))
    state = PortfolioState.read(request.GET, user, owners)
    scope = state.filters.scope(user)
    summary = remembered((now, "summary", state.filters.without_state()), lambda: reads.summarise(scope, user))
    since = remembered((now, "changes", state.filters.without_state()), lambda: changes.changes_since_yesterday(scope, user))
    return {
        "state": state,
        "owner_name": owners.get(reads.whole(state.filters.owner) or 0, ""),
        "owners": [("all", "All owners"), *((str(pk), name) for pk, name in owners.items()), ("none", "Nobody")],
        "tiers": reads.TIERS,
        "regions": remembered((now, "regions"), lambda: regions(user)),
        "groupings": GROUPS,
        "sorts": reads.SORTS,
        "summary": summary,
        "shares": shares(summary, since),
        "changes": since,
        "ahead": remembered((now, "ahead", state.filters.without_state()), lambda: changes.ahead(scope, user)),
        "turns_within": TURNS,
        "last_scan": remembered((now, "last scan"), lambda: reads.last_scan(user)),
        "currency": user.tenant.config.currency,
        "today": timezone.localdate(),
        **remembered((now, state), lambda: VIEWS[state.view](state, user, owners)),
    }


def regions(user: User) -> list[str]:
    known = Account.objects.visible_to(user).active().exclude(region="")
    return list(known.order_by("region").values_list("region", flat=True).distinct())


def shares(summary: Summary, since: Changes) -> list[dict[str, Any]]:
    """The coloured bar under the figures: where each state begins and how wide it is, of 160 units."""
    unit, at, found = 160 / (summary.total or 1), 0.0, []
    for name in ("Red", "Amber", "Green"):
        width = summary.accounts[name] * unit
        found.append(
            {
                "name": name,
                "count": summary.accounts[name],
                "change": since.difference(name),
                "x": f"{at:.2f}",
                "width": f"{max(width - 0.7, 0):.2f}",
            }
        )
        at += width
    return found


def tiles(state: PortfolioState, user: User, owners: dict[int, str]) -> dict[str, Any]:
    matching = state.filters.matching(user)
    rows = reads.worst(matching, state.sort, reads.MOST_TILES, reads.PLAIN_COLUMNS)
    full = len(rows) <= reads.FULL_TILES
    if full:
        rows = reads.worst(matching, state.sort, reads.MOST_TILES)
    drawn = frame(user) if full else None
    return {
        "shown": len(rows),
        "full": full,
        "sections": [
            {
                "name": name,
                "tally": Counter(row.rag for row in members),
                "count": len(members),
                "arr": sum(row.arr for row in members),
                "tiles": heatmap.tiles(members, drawn),
            }
            for name, members in grouped(rows, state.group, owners).items()
        ],
    }


def timeline(state: PortfolioState, user: User, owners: dict[int, str]) -> dict[str, Any]:
    rows = reads.worst(state.filters.matching(user), state.sort, reads.MOST_LINES)
    drawn = frame(user)
    return {
        "shown": len(rows),
        "days": heatmap.TIMELINE_DAYS,
        "columns": heatmap.TIMELINE_DAYS + 1,
        "head": heatmap.timeline_head(drawn.today),
        "sections": [
            {"name": name, "rows": heatmap.timeline_rows(members, drawn)} for name, members in grouped(rows, state.group, owners).items()
        ],
    }


def table(state: PortfolioState, user: User, owners: dict[int, str]) -> dict[str, Any]:
    rows, after = reads.page(state.filters.matching(user), reads.SORTS[state.sort], state.after)
    body = heatmap.table_rows(rows, owners, frame(user))
    return {"shown": len(rows), "rows": body, "next": after}


def plan(state: PortfolioState, user: User, owners: dict[int, str]) -> dict[str, Any]:
    """Looks at tickets and heartbeats of now, which change without the portfolio: kept for the hour at most."""
    made = week.plan(state.filters.matching(user), user.tenant, timezone.now())
    return {"shown": len(made.lines), "plan": made}


def frame(user: User) -> heatmap.Frame:
    today = timezone.localdate()
    first = today - timedelta(days=heatmap.TIMELINE_DAYS - 1)
    policies = policy_days.over(policy_days.adopted_by(user.tenant), user.tenant.zone, first, today)
    return heatmap.Frame(today, user.tenant.config.currency, policies, reads.end_of_day(user.tenant, reads.TURNS_SOON, timezone.now()))


VIEWS = {"tiles": tiles, "timeline": timeline, "table": table, "plan": plan}


def grouped(rows: list[Row], by: str, owners: dict[int, str]) -> dict[str, list[Row]]:
    """Rows in their order, under the name of their group; groups by name, tiers by size."""
    if by == "none":
        return {"": rows} if rows else {}
    found: dict[str, list[Row]] = {tier.title(): [] for tier in reads.TIERS} if by == "tier" else {}
    for row in rows:
        found.setdefault(row.tier.title() if by == "tier" else owners.get(row.owner_id or 0, "Nobody"), []).append(row)
    return {name: found[name] for name in (found if by == "tier" else sorted(found)) if found[name]}
