"""How technical a stakeholder seems, from the subjects of tickets: a suggestion with its reason, which nobody but a person applies.

The rule. A ticket counts as technical if its subject names one of `KINDS`. Of the latest tickets of a year, at most 100: six in ten or
more technical is high, a quarter or more medium, less low. Where tickets tell who asked, a stakeholder's own count alone, found by the
mail address; else all of the account's, as one cannot tell them apart. Fewer than five of one's own, or ten of the account's, suggest nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import Account, Stakeholder, Ticket

FEWEST, FEWEST_OF_ACCOUNT, MOST, MOST_READ = 5, 10, 100, 400
YEAR = timedelta(days=365)
HIGH, MEDIUM = 0.6, 0.25
REQUESTER = "requester:"

# A bare “500” is as often a number of orders.
STATUS_CODE = (
    r"\b(http|status|error|code|returns?|returned|gives?|got|with)[ /:]+(code |status |error )?[45]\d\d\b"
    r"|\b[45]\d\d (errors?|responses?|bad|internal|gateway|unauthori[sz]ed|forbidden|not found|too many)\b"
)
# What a subject names, in the words of the reason.
KINDS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE | re.ASCII)
    for kind, pattern in (
        ("an API", r"\b(apis?|graphql|grpc|endpoints?|webhooks?|sdk|oauth2?|saml|scim|jwt|json|xml|payloads?)\b"),
        ("a log", r"\b(logs?(?![ -]?(in|into|out|on)\b)|logfiles?|stack ?traces?|tracebacks?|exceptions?|core ?dumps?)\b"),
        ("a status code", STATUS_CODE),
        ("the network", r"\b(dns|tls|ssl|tcp|udp|vpn|proxy|firewall|certificates?|latency|time-?outs?|sftp|cors)\b"),
        ("a database", r"\b(sql|databases?|postgres(ql)?|mysql|deadlocks?|quer(y|ies)|kafka|replication|schemas?)\b"),
        ("an integration", r"\b(integrations?|syncs?|synced|streams?|retry|retries|rate limits?|sandbox|key rotation|csv|edi|sso)\b"),
        ("a deployment", r"\b(deploy(s|ed|ment|ments)?|docker|kubernetes|k8s|helm|linux|rollbacks?|v\d+(\.\d+)+)\b"),
    )
}


@dataclass(frozen=True)
class Suggestion:
    """`maturity` as the profile has it, and why in a sentence."""

    maturity: str
    reason: str

    @property
    def label(self) -> str:
        return str(Stakeholder.Maturity(self.maturity).label)


@dataclass(frozen=True)
class Asked:
    """A ticket: its subject, and who asked where the source tells it."""

    subject: str
    requester: str = ""


def suggest(subjects: Sequence[str], whose: str = "") -> Suggestion | None:
    """What the latest subjects, the latest first, suggest. `whose` ends the reason's subject, as in “of the account”."""
    latest = subjects[:MOST]
    if len(latest) < FEWEST:
        return None
    found = [kinds for subject in latest if (kinds := kinds_in(subject))]
    share = len(found) / len(latest)
    maturity = "high" if share >= HIGH else "medium" if share >= MEDIUM else "low"
    return Suggestion(maturity, reason(found, len(latest), whose))


def kinds_in(subject: str) -> list[str]:
    return [kind for kind, pattern in KINDS.items() if pattern.search(subject)]


def reason(found: Sequence[Sequence[str]], total: int, whose: str) -> str:
    """In our own words alone: what the subjects say comes from outside."""
    counts = Counter(kind for kinds in found for kind in kinds)
    named = sorted(counts, key=lambda kind: (-counts[kind], list(KINDS).index(kind)))[:3] or list(KINDS)[:3]
    words = f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]
    verb = "names" if len(found) == 1 else "name"
    return f"{len(found) or 'None'} of {total} tickets{whose and f' {whose}'} {verb if found else 'names'} {words}."


def suggestions(stakeholders: Iterable[Stakeholder], tickets: Sequence[Asked]) -> dict[int, Suggestion]:
    """For each stakeholder of an account, by number, what its tickets, the latest first, suggest; only where it differs from what is set."""
    tells = any(ticket.requester for ticket in tickets)
    found = {}
    for person in stakeholders:
        own = [ticket.subject for ticket in tickets if not tells or (person.email and ticket.requester == person.email.casefold())]
        if not tells and len(own) < FEWEST_OF_ACCOUNT:
            continue
        suggestion = suggest(own, "they asked for" if tells else "of the account")
        if suggestion and suggestion.maturity != person.technical_maturity:
            found[person.pk] = suggestion
    return found


def asked(account: Account | OuterRef, now: datetime) -> QuerySet[Ticket, dict[str, Any]]:
    """The tickets that count, the latest first, each as the `row` that `read` reads."""
    rows = Ticket.objects.filter(account=account, created_at__gt=now - YEAR, created_at__lte=now, deleted_at=None)
    return rows.order_by("-created_at", "-id").values(row=JSONObject(subject="subject", keys="account_keys"))[:MOST_READ]


def read(rows: Iterable[dict[str, Any]]) -> list[Asked]:
    return [Asked(row["subject"], requester_of(row["keys"])) for row in rows]


def requester_of(account_keys: Iterable[str]) -> str:
    return next((key.removeprefix(REQUESTER).casefold() for key in account_keys if key.startswith(REQUESTER)), "")
