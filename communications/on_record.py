"""The names that a tenant's accounts have on record, against what a release lists as affected: a misspelt name reaches nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from django.db import connection

from communications.composer.material import Kind, Known
from communications.models import Release

MOST_NAMES = 300  # of a kind, to look for a similar one among
MOST_SHOWN = 20
MOST_UNKNOWN = 10

# The most frequent names of each kind, and whatever a release may mean by its lists, however rare.
NAMES = """
WITH names AS (
    SELECT 'integration' AS kind, row.name, count(*) AS accounts
    FROM accounts_integration row JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s GROUP BY row.name
    UNION ALL
    SELECT 'feature', row.name, count(*)
    FROM accounts_featureadoption row JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s GROUP BY row.name
    UNION ALL
    SELECT 'environment', row.name, count(*)
    FROM accounts_environmentitem row JOIN accounts_account account ON account.id = account_id WHERE tenant_id = %(tenant)s GROUP BY row.name
),
ranked AS (SELECT kind, name, row_number() OVER (PARTITION BY kind ORDER BY accounts DESC, name) AS place FROM names)
SELECT kind, name FROM ranked
WHERE place <= %(most)s OR strpos(lower(%(text)s), lower(regexp_replace(btrim(name), '\\s+v?\\d[\\w.]*$', '', 'i'))) > 0
ORDER BY kind, place"""


@dataclass(frozen=True)
class Unknown:
    """A name of a release that is on no account's record, and a similar one that is."""

    name: str
    similar: str


def listed(release: Release) -> Iterator[tuple[Kind, str]]:
    for name in release.affected_integrations:
        yield "integration", name
    for name in release.affected_features:
        yield "feature", name
    for name in release.affected_environments:
        yield "environment", name


def names(tenant_id: int, text: str = "", most: int = MOST_SHOWN) -> dict[Kind, list[str]]:
    """In one query. The most frequent first; with a text, those that it may name besides."""
    found: dict[Kind, list[str]] = {"integration": [], "feature": [], "environment": []}
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"tenant": tenant_id, "text": text, "most": most})
        for kind, name in cursor.fetchall():
            found[kind].append(name)
    return found


def unknown(release: Release) -> list[Unknown]:
    """The first of what the release lists and no account of its tenant has on record."""
    asked = list(listed(release))
    if not asked:
        return []
    known = names(release.tenant_id, "\n".join(name for _, name in asked), MOST_NAMES)
    missing = ((kind, name) for kind, name in asked if not any(Known(one, kind, one).is_listed([name]) for one in known[kind]))
    found = [Unknown(name, similar(name, known[kind])) for kind, name in missing]
    return found[:MOST_UNKNOWN]


def similar(name: str, known: list[str]) -> str:
    folded = {one.casefold(): one for one in known}
    return next((folded[near] for near in get_close_matches(name.casefold(), folded, 1, 0.75)), "")
