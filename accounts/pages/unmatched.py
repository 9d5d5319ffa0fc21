"""What `/unmatched/` reads: tickets that belong to no known account, grouped by the first of their values that may name one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from accounts.account_keys import kind_of, value_of
from accounts.models import Account, Tenant, Ticket, User
from accounts.models.inbound import TicketSystem
from accounts.models.signals import LIVE

PAGE_SIZE = 50
LOOKED_AT = 5_000  # tickets of one group, for the other values they have
MOST_VALUES, MOST_SUBJECTS = 12, 5
MOST_FOUND = 8
MOST_COUNTED = 1_000

GROUPS = """
SELECT source, account_key, count(*) AS tickets, count(*) FILTER (WHERE status IN ('open', 'pending')) AS live,
    count(*) FILTER (WHERE priority = 1 AND status IN ('open', 'pending')) AS p1,
    count(*) FILTER (WHERE priority = 2 AND status IN ('open', 'pending')) AS p2,
    count(*) FILTER (WHERE priority = 3 AND status IN ('open', 'pending')) AS p3,
    count(*) FILTER (WHERE priority = 4 AND status IN ('open', 'pending')) AS p4,
    min(created_at) AS oldest, min(subject) AS subject
FROM accounts_ticket WHERE tenant_id = %(tenant)s AND account_id IS NULL {which}
GROUP BY source, account_key"""
ONE = "AND source = %(source)s AND account_key = %(value)s"
# Which groups, from the index of unmatched tickets alone; what else is shown of them only for those of the page.
PAGE = f"""
WITH found AS (
    SELECT source, account_key, count(*) AS tickets FROM accounts_ticket WHERE tenant_id = %(tenant)s AND account_id IS NULL {{which}}
    GROUP BY source, account_key
), chosen AS (
    SELECT * FROM found WHERE %(after_tickets)s::bigint IS NULL
        OR (-tickets, source, account_key) > (-%(after_tickets)s::bigint, %(after_source)s, %(after_value)s)
    ORDER BY -tickets, source, account_key LIMIT %(limit)s
)
SELECT shown.* FROM chosen
CROSS JOIN LATERAL ({GROUPS.format(which="AND source = chosen.source AND account_key = chosen.account_key")}) AS shown
ORDER BY -shown.tickets, shown.source, shown.account_key"""
OF_SOURCE = "AND source = %(source)s"
WITH_TEXT = "AND strpos(lower(account_key), lower(%(q)s)) > 0"

VALUES = """
SELECT key, count(*) AS tickets FROM (
    SELECT DISTINCT ticket.id, lower(given.key) AS key FROM (
        SELECT id, account_keys FROM accounts_ticket
        WHERE tenant_id = %(tenant)s AND account_id IS NULL AND source = %(source)s AND account_key = %(value)s LIMIT %(looked_at)s
    ) AS ticket, unnest(ticket.account_keys) AS given (key)
) AS told GROUP BY key ORDER BY count(*) DESC, key LIMIT %(most)s"""


@dataclass(frozen=True)
class Group:
    """Tickets of a source with one value. Priorities count those that are open or pending. An empty value: they name nobody."""

    source: str
    value: str
    tickets: int
    live: int
    p1: int
    p2: int
    p3: int
    p4: int
    oldest: datetime
    subject: str

    @property
    def system(self) -> str:
        return system(self.source)

    @property
    def by_priority(self) -> list[tuple[str, int]]:
        return [(f"P{number}", count) for number, count in enumerate((self.p1, self.p2, self.p3, self.p4), 1) if count]


@dataclass(frozen=True)
class Value:
    """A value that tickets of a group have in common. `counts`: its kind is one of those that name accounts here."""

    key: str
    tickets: int
    counts: bool

    @property
    def kind(self) -> str:
        return label(kind_of(self.key))

    @property
    def value(self) -> str:
        return value_of(self.key)


KINDS = {
    "account": "account id",
    "column": "chosen column",
    "organization": "organisation",
    "domain": "mail domain",
    "requester": "asked by",
}


def label(kind: str) -> str:
    return KINDS.get(kind) or (f"custom field {kind.removeprefix('customfield_')}" if kind.startswith("customfield_") else kind)


def words(key: str) -> str:
    return f"{label(kind_of(key))}: {value_of(key)}"


def system(source: str) -> str:
    return dict(TicketSystem.choices).get(source, source)


@dataclass(frozen=True)
class State:
    """The state of the page, as its URL says it. `chosen`: a source and a value whose group is shown beside the list."""

    source: str = ""
    q: str = ""
    after: str = ""
    chosen: tuple[str, str] | None = None
    key: str = ""
    find: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "State":
        """What makes no sense is left out: a link never fails."""
        given = {name: query.get(name, "").replace("\0", "")[:200] for name in ("source", "q", "after", "of", "value", "key", "find")}
        chosen = (given["of"], given["value"]) if given["of"] in TicketSystem.values else None
        source = given["source"] if given["source"] in TicketSystem.values else ""
        return cls(source, given["q"].strip(), given["after"], chosen, given["key"], given["find"].strip())

    def link(self, **changes: Any) -> str:
        state = replace(self, **changes)
        given = {"source": state.source, "q": state.q, "after": state.after, "key": state.key, "find": state.find}
        found = {name: value for name, value in given.items() if value}
        if state.chosen:
            found |= {"of": state.chosen[0], "value": state.chosen[1]}
        return f"?{urlencode(found)}"

    @property
    def is_filtered(self) -> bool:
        return bool(self.source or self.q)


def page(tenant: Tenant, state: State) -> tuple[list[Group], str]:
    """A page of groups, those with the most tickets first, and where the next begins; "" if this is the last."""
    which = (OF_SOURCE if state.source else "") + (f" {WITH_TEXT}" if state.q else "")
    after = position(state.after)
    values = {"tenant": tenant.pk, "source": state.source, "q": state.q, "limit": PAGE_SIZE + 1}
    values |= dict(zip(("after_tickets", "after_source", "after_value"), after or (None, None, None), strict=True))
    found = groups(PAGE.format(which=which), values)
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    return found[:PAGE_SIZE], token(last) if last else ""


def group(tenant: Tenant, source: str, value: str) -> Group | None:
    found = groups(GROUPS.format(which=ONE), {"tenant": tenant.pk, "source": source, "value": value})
    return found[0] if found else None


def groups(sql: str, values: dict[str, Any]) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Group(*row) for row in cursor.fetchall()]


def token(group: Group) -> str:
    return urlsafe_b64encode(f"{group.tickets} {group.source} {group.value}".encode()).decode()


def position(after: str) -> tuple[int, str, str] | None:
    try:
        tickets, source, value = urlsafe_b64decode(after.encode()).decode().split(" ", 2)
        return int(tickets[:9]), source, value.replace("\0", "")
    except ValueError:
        return None


def values_of(tenant: Tenant, source: str, value: str, kinds: tuple[str, ...]) -> list[Value]:
    """The values that the group's tickets have, those that count before the others, the group's own first."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"tenant": tenant.pk, "source": source, "value": value, "looked_at": LOOKED_AT, "most": MOST_VALUES * 4}
        cursor.execute(VALUES, given)
        found = [Value(key, tickets, kind_of(key) in kinds) for key, tickets in cursor.fetchall()]
    found.sort(key=lambda each: (not each.counts, value_of(each.key) != value.lower(), -each.tickets))
    return found[:MOST_VALUES]


def samples(tenant: Tenant, source: str, value: str) -> list[Ticket]:
    """The most urgent of the group."""
    found = Ticket.objects.filter(tenant=tenant, account=None, source=source, account_key=value)
    first = list(found.filter(status__in=LIVE).order_by("priority", "created_at")[:MOST_SUBJECTS])
    return first or list(found.order_by("-created_at")[:MOST_SUBJECTS])


def search(user: User, words: str) -> list[Account]:
    """Accounts by name or id, those that the person may map to."""
    found = Account.objects.changeable_by(user).active().named(words).select_related("owner")
    return list(found.order_by("name", "pk")[:MOST_FOUND])


def waiting(tenant: Tenant) -> int:
    """How many open tickets belong to no known account; counted up to MOST_COUNTED."""
    rows = Ticket.objects.filter(tenant=tenant, account=None, status__in=LIVE).order_by()
    return rows.values("pk")[:MOST_COUNTED].count()
