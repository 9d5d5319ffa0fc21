"""A Jira issue as JSON, as its webhooks and its REST API give it, of the Cloud and of Server or Data Center in all their ages.

A ticket's id is the issue's key, as people read it and as files name it. `priority` may be null, `statusCategory` is missing before
Jira 6.2, dates are ISO with “+0000” or milliseconds.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from accounts.ingest import RefusedRow, SourceTicket
from accounts.sources.payload import account_values, instant, items, part, requester, text

ORGANIZATIONS = ("organizations", "organization")
OF_AN_ORGANIZATION = "/servicedeskapi/organization/"
NAMELESS = re.compile(r"\d+\|\w+:\w*|\d{4}-\d\d-\d\d([T ].*)?|com\.atlassian\..*|\{.*\}|\[.*\]")  # ranks, dates and dumps name no account


def read(issue: Mapping[str, object], names: Mapping[str, str] | None = None) -> SourceTicket:
    """What Jira says of the issue. `names`: what its custom fields are called, where the answer was asked to tell (`expand=names`).

    Raises RefusedRow where it has no key or no date of creation. `updated_at` is empty where an old Jira leaves it out.
    """
    fields = part(issue, "fields")
    key = text(part(issue, "key"))
    if not key:
        raise RefusedRow("the issue has no key")
    if not isinstance(fields, Mapping):
        raise RefusedRow("the issue has no fields")
    created_at = instant(fields.get("created"), "Created")
    if created_at is None:
        raise RefusedRow("the issue has no date of creation")
    return SourceTicket(
        external_id=key,
        created_at=created_at,
        updated_at=instant(fields.get("updated"), "Updated"),
        priority=named(fields.get("priority")),
        status=named(fields.get("status")),
        category=category(fields),
        resolved_at=instant(fields.get("resolutiondate"), "Resolved") or over_since(fields),
        subject=text(fields.get("summary")),
        account_values=account_values(values(key, fields, names or {})),
    )


def named(value: object) -> str:
    """What an option is called; Jira gives it as an object, or, in hand-made payloads, as its bare name."""
    return text(value) or text(part(value, "name")) or text(part(value, "value"))


def category(fields: Mapping[str, object]) -> str:
    """The key of the status category, which is the same in every language."""
    found = part(fields, "status", "statusCategory")
    return text(part(found, "key")) or text(part(found, "name"))


def over_since(fields: Mapping[str, object]) -> datetime | None:
    """A workflow that sets no resolution still says, on the Cloud, since when the issue is done."""
    if category(fields).casefold() == "done":
        return instant(fields.get("statuscategorychangedate"), "Status category changed")
    return None


def values(key: str, fields: Mapping[str, object], names: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """What may name the account, the likeliest first."""
    custom = {field: value for field, value in fields.items() if field.startswith("customfield_") and value is not None}
    for field, value in custom.items():
        named_so = names.get(field, "").casefold() in ORGANIZATIONS
        yield from (("organization", named(item)) for item in items(value) if named_so or is_organization(item))
    yield from (("component", named(item)) for item in items(fields.get("components")))
    yield from (("label", item) for item in items(fields.get("labels")))
    yield "project", text(part(fields, "project", "key")) or key.rpartition("-")[0]
    yield from requester(part(fields, "reporter", "emailAddress"))
    for field, value in custom.items():
        yield from ((field, said) for item in items(value) for said in option(item))


def is_organization(item: object) -> bool:
    return OF_AN_ORGANIZATION in text(part(item, "_links", "self"))


def option(item: object) -> Iterator[str]:
    """A custom field's value as people read it; of a choice in two steps both."""
    said = named(item)
    if said and not NAMELESS.fullmatch(said) and part(item, "ongoingCycle") is None and part(item, "completedCycles") is None:
        yield said
    if child := named(part(item, "child")):
        yield child
