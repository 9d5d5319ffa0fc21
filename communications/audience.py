"""Whom a release matters to, and why: accounts whose active integrations, adopted features or environment it names."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection

from accounts.models import User
from communications.composer.material import Kind, Known
from communications.models import Release

# What the release says, as one text, names few of the many names on record. Which of them it means is for `reason` to say.
CANDIDATES = """
WITH names AS MATERIALIZED (
    SELECT DISTINCT 'integration' AS kind, row.name FROM accounts_integration row JOIN accounts_account account ON account.id = account_id
    WHERE tenant_id = %(tenant)s AND account.is_active AND row.is_active
    UNION ALL
    SELECT DISTINCT 'feature', row.name FROM accounts_featureadoption row JOIN accounts_account account ON account.id = account_id
    WHERE tenant_id = %(tenant)s AND account.is_active AND adopted
    UNION ALL
    SELECT DISTINCT 'environment', row.name FROM accounts_environmentitem row JOIN accounts_account account ON account.id = account_id
    WHERE tenant_id = %(tenant)s AND account.is_active
)
SELECT kind, name FROM names
WHERE strpos(lower(%(text)s), lower(regexp_replace(btrim(name), '\\s+v?\\d[\\w.]*$', '', 'i'))) > 0
ORDER BY kind, name"""

AUDIENCE = """
WITH named (kind, name, reason) AS MATERIALIZED (
    SELECT * FROM unnest(%(kinds)s::text[], %(names)s::text[], %(reasons)s::int[])
),
touched AS (
    SELECT account_id, reason FROM accounts_integration row JOIN named ON named.kind = 'integration' AND named.name = row.name
    WHERE row.is_active
    UNION
    SELECT account_id, reason FROM accounts_featureadoption row JOIN named ON named.kind = 'feature' AND named.name = row.name
    WHERE adopted
    UNION
    SELECT account_id, reason FROM accounts_environmentitem row JOIN named ON named.kind = 'environment' AND named.name = row.name
),
audience AS MATERIALIZED (
    SELECT account.id, account.name, account.owner_id, array_agg(touched.reason ORDER BY touched.reason) AS reasons,
        draft.id AS draft_id, draft.status
    FROM touched
    JOIN accounts_account account ON account.id = touched.account_id
    LEFT JOIN communications_communication draft ON draft.account_id = account.id AND draft.release_id = %(release)s
    WHERE account.tenant_id = %(tenant)s AND account.is_active AND (%(owner)s::bigint IS NULL OR account.owner_id = %(owner)s)
    GROUP BY account.id, draft.id
)"""
# Where only one reason is asked for, the others of those accounts are told all the same.
COUNTS = """
{audience}
SELECT reason, count(*), count(*) FILTER (WHERE draft_id IS NULL), 0 FROM audience, unnest(reasons) AS reason GROUP BY reason
UNION ALL
SELECT NULL, count(*), count(*) FILTER (WHERE draft_id IS NULL),
    count(*) FILTER (WHERE draft_id IS NULL AND (%(only)s::int IS NULL OR %(only)s = ANY(reasons)) AND id <> ALL(%(without)s))
FROM audience"""
PAGE = """
{audience}
SELECT audience.id, audience.name, coalesce(nullif(person.name, ''), person.email, ''), reasons, draft_id, coalesce(status, '')
FROM audience LEFT JOIN accounts_user person ON person.id = owner_id
WHERE %(only)s::int IS NULL OR %(only)s = ANY(reasons)
ORDER BY draft_id IS NOT NULL, audience.name, audience.id LIMIT %(most)s OFFSET %(offset)s"""
TO_DRAFT = """
{audience},
chosen AS (
    SELECT id FROM audience
    WHERE draft_id IS NULL AND (%(only)s::int IS NULL OR %(only)s = ANY(reasons)) AND id <> ALL(%(without)s)
),"""


@dataclass(frozen=True)
class Reason:
    """Something that the release names and accounts have on record, under the release's own name where it lists it."""

    kind: Kind
    name: str

    @property
    def key(self) -> str:
        """For an address."""
        return f"{self.kind}:{self.name.casefold()}"

    @property
    def words(self) -> str:
        match self.kind:
            case "integration":
                return f"integrates {self.name}"
            case "feature":
                return f"uses {self.name}"
            case _:
                return f"runs {self.name}"


@dataclass(frozen=True)
class Group:
    reason: Reason
    accounts: int
    missing: int  # of them without a draft


@dataclass(frozen=True)
class Line:
    """An account of the audience, with its draft of this release where it has one."""

    pk: int
    name: str
    owner: str
    reasons: list[Reason]
    draft_id: int | None
    status: str


@dataclass(frozen=True)
class Counts:
    accounts: int
    missing: int
    to_draft: int
    groups: list[Group]


@dataclass(frozen=True)
class Audience:
    """Of the accounts that the person may change; no person: all of the tenant. `only`: the key of a reason; `without`: accounts to leave out."""

    release: Release
    user: User | None
    only: str = ""
    without: Collection[int] = field(default_factory=tuple)

    @cached_property
    def named(self) -> dict[tuple[Kind, str], Reason]:
        """What the release means of all that stands on record, by kind and name as the record has it."""
        values: dict[str, Any] = {"tenant": self.release.tenant_id, "text": "\n".join([*texts(self.release), *listed(self.release)])}
        with connection.cursor() as cursor:
            cursor.execute(CANDIDATES, values)
            rows = cursor.fetchall()
        return {(kind, name): why for kind, name in rows if (why := reason(self.release, kind, name))}

    @cached_property
    def reasons(self) -> list[Reason]:
        return list({why.key: why for why in self.named.values()}.values())

    @property
    def chosen(self) -> Reason | None:
        """The reason that `only` names, if it is one."""
        return next((why for why in self.reasons if why.key == self.only), None)

    def values(self) -> Mapping[str, Any]:
        index = {why.key: number for number, why in enumerate(self.reasons)}
        return {
            "tenant": self.release.tenant_id,
            "release": self.release.pk,
            "owner": None if self.user is None or self.user.leads else self.user.pk,
            "kinds": [kind for kind, _ in self.named],
            "names": [name for _, name in self.named],
            "reasons": [index[why.key] for why in self.named.values()],
            "only": index[self.chosen.key] if self.chosen else None,
            "without": list(self.without),
        }

    def counts(self) -> Counts:
        """The groups with the most accounts first."""
        total, groups = (0, 0, 0), []
        for number, accounts, missing, to_draft in self.rows(COUNTS):
            if number is None:
                total = (accounts, missing, to_draft)
            else:
                groups.append(Group(self.reasons[number], accounts, missing))
        return Counts(*total, sorted(groups, key=lambda group: (-group.accounts, group.reason.key)))

    def lines(self, most: int, offset: int = 0) -> list[Line]:
        """Those without a draft first."""
        return [
            Line(pk, name, owner, [self.reasons[number] for number in numbers], draft_id, status)
            for pk, name, owner, numbers, draft_id, status in self.rows(PAGE, most=most, offset=offset)
        ]

    def to_draft(self) -> str:
        """The beginning of a statement that has them as `chosen`: those without a draft, but for whom is left out."""
        return TO_DRAFT.format(audience=AUDIENCE)

    def rows(self, sql: str, **more: int) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql.format(audience=AUDIENCE), {**self.values(), **more})
            return list(cursor.fetchall())


def texts(release: Release) -> Iterator[str]:
    yield from (*release.features, *release.fixes, *release.breaking_changes)


def listed(release: Release) -> Iterator[str]:
    yield from (*release.affected_integrations, *release.affected_features, *release.affected_environments)


def reason(release: Release, kind: Kind, name: str) -> Reason | None:
    """Why the release matters to whoever has this on record: it lists it as affected, or a change names it."""
    known = Known(name, kind, name)
    lists = {"integration": release.affected_integrations, "feature": release.affected_features}
    for term in lists.get(kind, release.affected_environments):
        if known.is_listed([term]):
            return Reason(kind, term)
    if any(known.is_in(text) for text in texts(release)):
        return Reason(kind, known.bare if kind == "environment" else name)
    return None
