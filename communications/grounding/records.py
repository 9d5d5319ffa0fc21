"""The context snapshot as an index of records: what each says in words, and which instants, durations and names follow from it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property, lru_cache
from typing import Any, Literal

from communications.grounding import lexicon
from communications.grounding.claims import Source
from communications.grounding.reading import plain

Role = Literal[
    "ticket",
    "health",
    "heartbeat",
    "person",
    "integration",
    "feature",
    "environment",
    "history",
    "opportunity",
    "release",
    "roadmap",
    "step",
    "account",
    "rep",
    "wish",
    "scan",
]
# Their words were chosen by colleagues; the words of all others may have come from anywhere.
OURS: tuple[Role, ...] = ("release", "roadmap", "wish", "environment", "integration", "feature", "rep", "account")
WORD = re.compile(r"\w+(?:['.]\w+)*")
COMMON = lexicon.words("common")


@dataclass(frozen=True)
class Record:
    """`words`: all that it says. `names`: what stands for it in a text. `moments`: its instants in the tenant's zone."""

    source: Source
    role: Role
    words: str = ""
    names: tuple[str, ...] = ()
    moments: tuple[datetime, ...] = ()
    days: tuple[date, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    is_current: bool = True

    @cached_property
    def text(self) -> str:
        return " ".join(plain(self.words).text.casefold().split())

    @cached_property
    def content(self) -> frozenset[str]:
        return content(self.words)

    @cached_property
    def all_days(self) -> frozenset[date]:
        return frozenset((*self.days, *(moment.date() for moment in self.moments)))

    @property
    def is_ours(self) -> bool:
        return self.role in OURS


@lru_cache(maxsize=5000)
def content(text: str) -> frozenset[str]:
    """The words that carry meaning, without their ending, so that “exports” is “export”."""
    return frozenset(stem(word) for word in WORD.findall(plain(text).text.casefold()) if word not in COMMON and len(word) > 1)


def stem(word: str) -> str:
    for ending in ("ings", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) > 2 and word.isalpha():
            return word.removesuffix(ending)
    return word


class Records:
    """What a writer was given. Built once for a text."""

    def __init__(self, given: dict[str, Any], instruction: str = "") -> None:
        self.given = given
        self.now = datetime.fromisoformat(given["as_of"]) if given.get("as_of") else datetime.now(UTC)
        self.profile: dict[str, Any] = given.get("relationship_profile") or {}
        self.health: dict[str, Any] = given.get("health_score") or {}
        self.all = list(self.read(instruction))
        self.tickets = [record for record in self.all if record.role == "ticket"]
        self.by_id = {folded(record.row["ticket_id"]): record for record in self.tickets}

    @property
    def zone(self) -> tzinfo:
        return self.now.tzinfo or UTC

    @property
    def today(self) -> date:
        return self.now.date()

    def of(self, *roles: Role) -> list[Record]:
        return [record for record in self.all if record.role in roles]

    def local(self, value: str) -> datetime:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(self.zone)

    def read(self, instruction: str) -> Iterator[Record]:
        yield from self.read_tickets()
        yield from self.read_health()
        yield from self.read_profile()
        yield from self.read_past()
        yield from self.read_plans()
        for place, step in enumerate(self.given.get("chosen_path") or []):
            words = f"{step.get('ticket_id') or 'heartbeat'} {step.get('subject') or ''}"
            yield Record(Source(f"chosen_path/{place}", "A step you chose", words, "draft"), "step", words, row=step)
        if instruction:
            yield Record(Source("instruction", "Your instruction", instruction, "draft"), "wish", instruction)

    def read_tickets(self) -> Iterator[Record]:
        for name, is_open in (("tickets", True), ("resolved_tickets", False)):
            for place, row in enumerate(self.given.get(name) or []):
                opened = self.local(row["created_at"])
                moments = (opened,) if is_open else (opened, opened + timedelta(days=row.get("age_days") or 0))
                detail = f"{row['priority']}, {row['status']}: {row.get('subject') or 'no subject'}"
                yield Record(
                    Source(f"{name}/{place}", row["ticket_id"], detail, "ticket"),
                    "ticket",
                    f"{row['ticket_id']} {row.get('subject') or ''}",
                    (row["ticket_id"],),
                    moments,
                    row=row,
                    is_current=is_open,
                )

    def read_health(self) -> Iterator[Record]:
        if self.health:
            at = self.local(self.health["scan_timestamp"]) if self.health.get("scan_timestamp") else self.now
            detail = f"{self.health['score']}, {self.health['rag_status']}"
            if self.health.get("previous_score") is not None:
                detail += f"; before {self.health['previous_score']}, {self.health.get('previous_rag')}"
            yield Record(Source("health_score", "Health score", detail, "scan"), "health", moments=(at,), row=self.health)
        if self.last_signal:
            detail = f"{self.last_signal:%a %d %b %Y, %H:%M}"
            yield Record(Source("last_heartbeat", "Last heartbeat", detail, "pulse"), "heartbeat", moments=(self.last_signal,))

    @cached_property
    def last_signal(self) -> datetime | None:
        if at := self.given.get("last_heartbeat"):
            return self.local(at)
        hours = self.health.get("hours_since_heartbeat")
        scanned = self.health.get("scan_timestamp")
        return self.local(scanned) - timedelta(hours=hours) if hours is not None and scanned else None

    def read_profile(self) -> Iterator[Record]:
        profile, base = self.profile, "relationship_profile"
        name = profile.get("account_name") or profile.get("account_id") or ""
        yield Record(Source(base, name or "The account", "", "user"), "account", name, (name,) if name else ())
        if renewal := self.given.get("renewal_date"):
            yield Record(Source("renewal_date", "Renewal", renewal, "clock"), "account", "renewal", days=(date.fromisoformat(renewal),))
        rep = self.given.get("rep") or {}
        if rep.get("name"):
            yield Record(
                Source("rep", rep["name"], rep.get("title", ""), "user"), "rep", f"{rep['name']} {rep.get('title', '')}", (rep["name"],)
            )
        for place, row in enumerate(profile.get("stakeholders") or []):
            source = Source(f"{base}/stakeholders/{place}", row["name"], row.get("role", ""), "user")
            yield Record(source, "person", f"{row['name']} {row.get('role', '')}", (row["name"],), row=row)
        for place, row in enumerate(profile.get("integrations") or []):
            since = row.get("since") or ""
            days = (date.fromisoformat(since),) if re.fullmatch(r"\d{4}-\d\d-\d\d", since) else ()
            detail = ("active" if row.get("is_active") else "not active") + (f" since {since}" if days else "")
            source = Source(f"{base}/integrations/{place}", row["integration_name"], detail, "link")
            yield Record(source, "integration", row["integration_name"], (row["integration_name"],), days=days, row=row)
        for place, row in enumerate(profile.get("feature_adoption") or []):
            source = Source(
                f"{base}/feature_adoption/{place}", row["feature_name"], "in use" if row.get("adopted") else "not used yet", "box"
            )
            yield Record(source, "feature", row["feature_name"], (row["feature_name"],), row=row)
        for place, name in enumerate(profile.get("customer_environment") or []):
            yield Record(Source(f"{base}/customer_environment/{place}", name, "environment", "box"), "environment", name, (name,))
        for place, row in enumerate(profile.get("co_dev_opportunities") or []):
            source = Source(f"{base}/co_dev_opportunities/{place}", row["opportunity_name"], row.get("status", ""), "mark")
            words = f"{row['opportunity_name']} {row.get('description', '')}"
            yield Record(source, "opportunity", words, (row["opportunity_name"],), row=row)

    def read_past(self) -> Iterator[Record]:
        rows = self.given.get("recent_communications") or self.profile.get("communication_history") or []
        for place, row in enumerate(rows):
            words = f"{row['subject']}\n{row.get('outcome', '')}"
            day = date.fromisoformat(row["date"])
            source = Source(f"recent_communications/{place}", row["subject"], f"{day:%d %b %Y}. {row.get('outcome', '')}".strip(), "mail")
            yield Record(source, "history", words, days=(day,), row=row)

    def read_plans(self) -> Iterator[Record]:
        if release := self.given.get("release_info"):
            day = (date.fromisoformat(release["released_on"]),) if release.get("released_on") else ()
            label = f"Release {release['version']}"
            yield Record(
                Source("release_info", label, release.get("released_on") or "", "box"), "release", label, (label,), days=day, row=release
            )
            for kind, lines in release.items():
                for place, line in enumerate(lines if isinstance(lines, list) else []):
                    yield Record(Source(f"release_info/{kind}/{place}", label, line, "box"), "release", f"{label}: {line}")
        for place, row in enumerate(self.given.get("roadmap_items") or []):
            words = f"{row['title']} {row.get('description', '')} {row.get('status', '')} {row.get('horizon', '')}"
            detail = ", ".join(filter(None, (row.get("status"), row.get("horizon"))))
            yield Record(Source(f"roadmap_items/{place}", row["title"], detail, "flag"), "roadmap", words, (row["title"],), row=row)

    def holding(self, words: str, among: Iterable[Record] | None = None) -> list[Record]:
        """The records that say these words to the letter, but for case and spaces."""
        wanted = " ".join(plain(words).text.casefold().split())
        pattern = re.compile(rf"(?<![\w.]){re.escape(wanted)}(?![\w]|\.\d)")
        return [record for record in (self.all if among is None else among) if wanted and pattern.search(record.text)]


def folded(ticket_id: str) -> str:
    """A ticket's id however it is typed: in either case, with or without spaces and hyphens."""
    return re.sub(r"[\s_-]+", "", plain(ticket_id).text.casefold())
