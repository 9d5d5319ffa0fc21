"""A ticket as people write it into a template, or their own software into a feed: names vary, dates are free, much is left out.

What is left out follows a rule. Without a time of its last change (or with a day alone) an event counts from its receipt. Without the
date of opening a ticket is as old as what is known of it. A deletion needs the ticket's id alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from accounts.ingest import RefusedRow, SourceTicket
from accounts.sources.payload import account_values, first, instant, items, moment, normalised, part, requester, text
from accounts.sources.told import Gone, Told

ID = ("id", "number", "key")
SUBJECT = ("subject", "title", "summary")
OPENED = ("created_at_with_timestamp", "created_at", "created", "opened_at")
CHANGED = ("updated_at_with_timestamp", "updated_at", "updated", "changed_at", "timestamp", "time")
OVER = ("closed_at", "solved_at", "resolved_at", "completed_at")
LABELS = ("label", "name", "title", "value")
# What the names of events are made of.
TICKET = frozenset({"case", "conversation", "ticket", "issue"})
TALK = frozenset({"comment", "commented", "note", "post", "message", "reply", "attachment"})
OTHER = frozenset({"ping", "test", "user", "organization", "team", "agent"})
GONE = frozenset({"deleted", "removed", "trashed", "trash"})
A_MOMENT = timedelta(milliseconds=1)
Fields = Mapping[str, object]


def read(event: Mapping[str, object], received_at: datetime, *, within: tuple[str, ...] = (), category: tuple[str, ...] = ()) -> Told:
    """`within`: the keys under which the ticket may lie, if it is not the body itself. `category`: where in it the status category is."""
    named = normalised(event)
    kind = text(first((named.get("event"), named.get("event_type")))) or text(part(named.get("event"), "name"))
    ticket = next((inner for key in within if isinstance(inner := event.get(key), Mapping)), None)
    words = words_of(kind)
    if OTHER & words and not TICKET & words:
        return Told(kind, ignored="Events of this kind say nothing of a ticket's state.")
    if TALK & words:
        return Told(kind, ignored="What is said in a ticket leaves its state as it is.")
    fields = normalised(ticket) if ticket else named
    external_id = identity(fields)
    is_gone = bool(GONE & words) or is_deleted(fields)
    if is_gone and not said(fields, "status"):
        return Told(kind, gone=Gone(external_id, deleted_at(fields, received_at)))
    found = state(external_id, fields, received_at, text(part(fields, *category)) if category else "")
    if is_gone:
        at = deleted_at(fields, received_at)
        found = replace(found, updated_at=at, deleted_at=at)
    return Told(kind, (found,), opened_is_known=bool(first(fields.get(name) for name in OPENED)))


def words_of(kind: str) -> frozenset[str]:
    return frozenset(normalised({kind: None}).popitem()[0].split("_")) if kind else frozenset()


def identity(fields: Fields) -> str:
    found = text(first(fields.get(name) for name in ID)).removeprefix("#")
    if "{{" in found:
        raise RefusedRow(f"the placeholder {found[:60]} was not filled in")
    if not found:
        raise RefusedRow("the ticket id is missing")
    return found


def said(fields: Fields, *names: str) -> str:
    """A word, which some wrap into an object."""
    found = first(fields.get(name) for name in names)
    return text(found) or text(first(part(found, label) for label in LABELS))


def state(external_id: str, fields: Fields, received_at: datetime, category: str) -> SourceTicket:
    changed = changed_at(fields, received_at)
    resolved_at = instant(first(fields.get(name) for name in OVER), "The date of closing")
    created_at = instant(first(fields.get(name) for name in OPENED), "The date of opening")
    return SourceTicket(
        external_id=external_id,
        created_at=created_at or min(changed, resolved_at or changed),
        updated_at=changed,
        priority=said(fields, "priority"),
        status=said(fields, "status"),
        category=category,
        resolved_at=resolved_at,
        subject=said(fields, *SUBJECT),
        account_values=account_values(values(fields)),
    )


def changed_at(fields: Fields, received_at: datetime) -> datetime:
    found = moment(first(fields.get(name) for name in CHANGED), "The date of change")
    return found.at if found and found.is_exact else received_at


def is_deleted(fields: Fields) -> bool:
    return (
        fields.get("deleted_at") not in (None, "")
        or text(fields.get("deleted")).casefold() in ("1", "yes", "true")
        or fields.get("deleted") is True
        or said(fields, "status").casefold() in GONE
        or said(fields, "state").casefold() in GONE
    )


def deleted_at(fields: Fields, received_at: datetime) -> datetime:
    """When it was deleted: after all that the event says of the ticket."""
    told = instant(fields.get("deleted_at"), "The date of deletion")
    if not first(fields.get(name) for name in CHANGED):
        return told or received_at
    changed = changed_at(fields, received_at) + A_MOMENT
    return max(told, changed) if told else changed


def values(fields: Fields) -> Iterator[tuple[str, object]]:
    """What may name the account, the likeliest first."""
    yield "account", said(fields, "account_id", "account", "account_key")
    outright = fields.get("account_values")
    if isinstance(outright, Mapping):
        yield from ((str(kind), value) for kind, given in outright.items() for value in items(given))
    for name in ("organization", "organisation", "company"):
        yield "organization", said(fields, f"{name}_name", name)
        yield "organization", first((part(fields, name, "id"), fields.get(f"{name}_id")))
    tags = fields.get("tags")
    yield from (("label", text(tag) or said({"tag": tag}, "tag")) for tag in (tags.split() if isinstance(tags, str) else items(tags)))
    yield from requester(first((fields.get("requester_email"), part(fields, "requester", "email"), fields.get("requester"))))
    yield from custom(fields)


def custom(fields: Fields) -> Iterator[tuple[str, object]]:
    """Custom fields: a list of objects with an id or key and a value, an object of values, or one of the ticket's values each."""
    given = fields.get("custom_fields")
    pairs = list(given.items()) if isinstance(given, Mapping) else [(name_of(item), part(item, "value")) for item in items(given)]
    pairs += [(name.rpartition("field_")[2], value) for name, value in fields.items() if name.startswith(("field_", "custom_field_"))]
    for name, value in pairs:
        if name:
            yield from ((f"customfield_{name}", text(each) or said({"it": each}, "it")) for each in items(value))


def name_of(item: object) -> str:
    return text(first((part(item, "key"), part(item, "field", "key"), part(item, "id"), part(item, "field", "id"))))
