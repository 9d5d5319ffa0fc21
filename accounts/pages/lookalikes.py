"""Which account a ticket's values may mean, each with the reason. Nothing is mapped by a likeness: a person decides."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.account_keys import kind_of, value_of
from accounts.models import Account, AccountKey, Stakeholder, User

MOST = 4
CANDIDATES = 200  # accounts compared by name
LIKE = 0.75  # of 1, by difflib's ratio
LEGAL = frozenset(
    [
        "ab",
        "ag",
        "as",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "group",
        "inc",
        "kg",
        "limited",
        "llc",
        "ltd",
        "nv",
        "oy",
        "plc",
        "pty",
        "sa",
        "sarl",
        "se",
        "spa",
        "srl",
        "the",
        "und",
        "and",
    ]
)
# Everybody's: they say nothing of who asks.
PUBLIC = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "aol.com",
    ]
)


@dataclass(frozen=True)
class Lookalike:
    account: Account
    why: str


def lookalikes(user: User, keys: Iterable[str]) -> list[Lookalike]:
    """The accounts that the values (kind:value, in lower case) resemble, of those that the person may map to, the likeliest first."""
    told, accounts = list(keys), Account.objects.changeable_by(user).active()
    names = [value_of(key) for key in told if kind_of(key) not in ("requester", "domain") and value_of(key)]
    found: dict[int, Lookalike] = {}
    for account, why in (
        *mapped_elsewhere(accounts, user, told),
        *by_id(accounts, names),
        *by_stakeholder(accounts, told),
        *(by_name(accounts, names[0]) if names else ()),
    ):
        found.setdefault(account.pk, Lookalike(account, why))
    return list(found.values())[:MOST]


def mapped_elsewhere(accounts: QuerySet[Account], user: User, told: list[str]) -> list[tuple[Account, str]]:
    """The same value in another system."""
    rows = AccountKey.objects.visible_to(user).filter(key__in=told, account__in=accounts).select_related("account")
    return [(row.account, f"{row.get_source_display()} has “{value_of(row.key)}” mapped to it") for row in rows[:MOST]]


def by_id(accounts: QuerySet[Account], names: list[str]) -> list[tuple[Account, str]]:
    rows = accounts.annotate(small_id=Lower("external_id")).filter(small_id__in=names)[:MOST] if names else []
    return [(account, f"Its account id is {account.external_id}") for account in rows]


def by_stakeholder(accounts: QuerySet[Account], told: list[str]) -> list[tuple[Account, str]]:
    """Who asked, or whose mail domain it is."""
    asked = [value_of(key) for key in told if kind_of(key) == "requester"]
    domains = {value_of(key) for key in told if kind_of(key) == "domain"} | {address.rpartition("@")[2] for address in asked}
    is_one = Q(address__in=asked)
    for domain in sorted(domains - PUBLIC - {""})[:MOST]:
        is_one |= Q(address__endswith=f"@{domain}")
    rows = Stakeholder.objects.filter(account__in=accounts).annotate(address=Lower("email")).exclude(email="").filter(is_one)
    return [(row.account, f"{row.name} there has the address {row.email}") for row in rows.select_related("account").order_by("pk")[:MOST]]


def by_name(accounts: QuerySet[Account], name: str) -> list[tuple[Account, str]]:
    wanted = plain(name)
    words = sorted(wanted.split(), key=len, reverse=True)[:3]
    if not words:
        return []
    has_one = Q()
    for word in words:
        has_one |= Q(name__icontains=word) | Q(external_id__icontains=word)
    ranked = [(likeness(wanted, plain(account.name)), account) for account in accounts.filter(has_one).order_by("pk")[:CANDIDATES]]
    ranked.sort(key=lambda pair: -pair[0])
    return [(account, "Its name is alike") for ratio, account in ranked[:MOST] if ratio >= LIKE]


def likeness(wanted: str, name: str) -> float:
    """1 for the same, or where one holds all the words of the other."""
    one, other = set(wanted.split()), set(name.split())
    if one and other and (one <= other or other <= one):
        return 1.0
    return SequenceMatcher(None, wanted, name).ratio()


def plain(name: str) -> str:
    """Without signs, case and the form of company."""
    words = re.findall(r"\w+", name.casefold())
    return " ".join(word for word in words if word not in LEGAL) or " ".join(words)
