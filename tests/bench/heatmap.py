"""Ten thousand tiles and a timeline of 200 accounts, against the bare reading of what they show."""

import zlib
from dataclasses import replace
from datetime import timedelta

from django.db import connection

from accounts import scan
from accounts.forms import PortfolioState
from accounts.models import Tenant, User
from accounts.onboarding import create_user
from accounts.pages import heatmap, portfolio
from accounts.pages.portfolio import Filters
from accounts.pages.remembered import remembered
from accounts.views import portfolio as views
from tests.bench.database import DAY, START, a_day_passes, load, run
from tests.bench.measuring import Measurement, Options, Target, in_turns, milliseconds

TILES = """
SELECT account.id, account.name, account.tier, account.arr, account.owner_id, health.score, health.rag
FROM accounts_account account JOIN accounts_accounthealth health ON health.account_id = account.id
WHERE account.tenant_id = %(tenant)s ORDER BY health.score LIMIT %(count)s"""
TRAILS = """
SELECT account.id, account.name, health.score, health.rag, health.trail
FROM accounts_account account JOIN accounts_accounthealth health ON health.account_id = account.id
WHERE account.tenant_id = %(tenant)s ORDER BY health.score LIMIT %(count)s"""
DAYS = 12  # of history; a trail holds changes, so that more days make it little longer


def measure(options: Options) -> list[Measurement]:
    tiles, lines = (500, 50) if options.quick else (10_000, 200)
    tenant = load(tiles, "heatmap")
    for day in range(DAYS):
        a_day_passes(tenant, START + day * DAY)
        scan.scan_tenant(tenant, at=START + day * DAY)
    run("VACUUM (ANALYZE)")
    return [*tile_items(tenant, tiles, options), *timeline_items(tenant, lines, options)]


def tile_items(tenant: Tenant, count: int, options: Options) -> list[Measurement]:
    user = create_user(tenant, "manager@heatmap.test", "manager")
    state = PortfolioState("tiles", "none", "size", Filters(), "")
    key = ("bench", tenant.pk, state)
    html = str(remembered(key, lambda: views.tiles(state, user, {}))["sections"][0]["tiles"])
    found = in_turns(
        options.rounds,
        {
            "raw": lambda: milliseconds(lambda: run(TILES, {"tenant": tenant.pk, "count": count})),
            "made": lambda: milliseconds(lambda: views.tiles(state, user, {})),
            "again": lambda: milliseconds(lambda: remembered(key, lambda: {})),
        },
    )
    wire = len(zlib.compress(html.encode(), 1)) / count
    each = f"{count:,} tiles"
    return [
        Measurement("raw fetch of a tile's columns", found["raw"], note=each),
        Measurement("tiles as HTML, read and made", found["made"], note=each, targets=[Target(3, found["raw"], "raw fetch")]),
        Measurement("tiles as HTML, from the cache", found["again"], note=each, targets=[Target(0.05, found["raw"], "raw fetch")]),
        Measurement("a tile over the wire", [wire], "B", "compressed at level 1", targets=[Target(20)]),
    ]


def timeline_items(tenant: Tenant, count: int, options: Options) -> list[Measurement]:
    user = User.objects.get(tenant=tenant)
    frame = replace(views.frame(user), today=(START + timedelta(days=DAYS)).date())

    def made() -> str:
        return heatmap.timeline_rows(portfolio.worst(Filters().matching(user), "risk", count), frame)

    found = in_turns(
        options.rounds,
        {
            "raw": lambda: milliseconds(lambda: run(TRAILS, {"tenant": tenant.pk, "count": count})),
            "made": lambda: milliseconds(made),
        },
    )
    connection.close()
    each = f"{count} accounts x {heatmap.TIMELINE_DAYS} days"
    return [
        Measurement("raw fetch of the timeline's columns", found["raw"], note=each),
        Measurement("timeline, read and made", found["made"], note=each, targets=[Target(3, found["raw"], "raw fetch")]),
    ]
