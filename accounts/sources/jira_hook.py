"""Jira's webhooks: of the Cloud, of Server and Data Center, from Automation and from a workflow's post function.

An issue that moved to another project has a new key. To its readers that is another ticket, so the one of the old key ends with the
move; what Jira tells later comes under the new key.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from accounts.ingest import RefusedRow, SourceTicket
from accounts.sources import jira_issue
from accounts.sources.payload import instant, items, part, text
from accounts.sources.told import Gone, Told

OF_ISSUES = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "issue_created", "issue_updated", "issue_deleted")
# Why an old Jira says that an issue was updated when somebody wrote or booked time.
TALK = (
    "issue_commented", "issue_comment_edited", "issue_comment_deleted", "issue_worklogged", "issue_worklog_updated", "issue_worklog_deleted",
)  # fmt: skip
OF_A_KEY = (("key",), ("key", ""), ("jira", ""))  # field, fieldId and fieldtype of a changed key; an old Jira leaves out the latter
KEY = re.compile(r"[A-Z][A-Z0-9_]+-\d{1,12}", re.ASCII)
MOST_KEYS = 3  # a change moves an issue once
A_MOMENT = timedelta(milliseconds=1)


def read(event: Mapping[str, object], received_at: datetime) -> Told:
    kind = text(event.get("webhookEvent"))
    issue = event.get("issue") if "issue" in event else event if "fields" in event else None
    if kind and kind not in OF_ISSUES:
        return Told(kind, ignored="Events of this kind say nothing of a ticket's state.")
    if not isinstance(issue, Mapping):
        raise RefusedRow("it names no issue")
    change = text(event.get("issue_event_type_name"))
    if change in TALK and not changed_items(event):
        return Told(change, ignored="A comment or work log leaves the ticket as it is.")
    at = instant(event.get("timestamp"), "The event's timestamp")
    if kind.endswith("issue_deleted"):
        return deleted(kind, issue, at or received_at)
    opened_is_known = bool(part(issue, "fields", "created"))
    ticket = state(issue, at or received_at)
    return Told(kind, (ticket, *left_behind(event, ticket)), opened_is_known=opened_is_known)


def state(issue: Mapping[str, object], at: datetime) -> SourceTicket:
    """The issue, with the event's time where an old Jira leaves out the issue's own."""
    fields = part(issue, "fields")
    if isinstance(fields, Mapping) and not fields.get("created"):
        oldest = instant(fields.get("resolutiondate"), "Resolved") or instant(fields.get("updated"), "Updated") or at
        issue = {**issue, "fields": {**fields, "created": min(oldest, at).isoformat()}}
    ticket = jira_issue.read(issue)
    return ticket if ticket.updated_at else replace(ticket, updated_at=at)


def deleted(kind: str, issue: Mapping[str, object], at: datetime) -> Told:
    """Later than all that the issue says of itself: Jira does not touch its date of change."""
    if not part(issue, "fields", "created"):
        if not (key := text(issue.get("key"))):
            raise RefusedRow("the deleted issue has no key")
        return Told(kind, gone=Gone(key, at))
    ticket = jira_issue.read(issue)
    at = max(at, (ticket.updated_at or at) + A_MOMENT)
    return Told(kind, (replace(ticket, updated_at=at, deleted_at=at),))


def former_keys(change: object) -> list[str]:
    """The keys that the issue had before a change as Jira's changelog tells it. Raises RefusedRow where it has more than any had.

    A custom field may be called “Key”, too, and hold what anybody likes.
    """
    keys: dict[str, None] = {}
    for item in items(part(change, "items")):
        names = (text(part(item, name)).casefold() for name in ("field", "fieldId", "fieldtype"))
        old = text(part(item, "fromString"))
        if all(name in known for name, known in zip(names, OF_A_KEY, strict=True)) and KEY.fullmatch(old):
            keys[old] = None
    if len(keys) > MOST_KEYS:
        raise RefusedRow(f"it names more than {MOST_KEYS} former keys")
    return list(keys)


def changed_items(event: Mapping[str, object]) -> list[object]:
    return items(part(event, "changelog", "items"))


def left_behind(event: Mapping[str, object], ticket: SourceTicket) -> Iterator[SourceTicket]:
    """The tickets of the keys that the issue had before this event."""
    at = (ticket.updated_at or ticket.created_at) + A_MOMENT
    for old in former_keys(event.get("changelog")):
        if old != ticket.external_id:
            project = ("project", old.rpartition("-")[0])
            values = tuple(project if kind == "project" else (kind, value) for kind, value in ticket.account_values)
            yield replace(ticket, external_id=old, account_values=values, updated_at=at, deleted_at=at)
