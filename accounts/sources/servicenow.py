"""ServiceNow's incident table as CSV, also as an event log with several rows an incident: the highest `sys_mod_count` is its state.

An export of the end state repeats the final dates on every row, so a date of resolution counts only where the state says so.
`?` means unknown. Dates are taken as UTC.
"""

from datetime import datetime

from accounts.ingest import RefusedRow, SourceTicket
from accounts.ingest.mapping import Words, quoted
from accounts.sources.reading import Format, Row

STATES = {
    "new": "open",
    "active": "open",
    "in progress": "open",
    "awaiting user info": "pending",
    "awaiting problem": "pending",
    "awaiting vendor": "pending",
    "awaiting evidence": "pending",
    "on hold": "pending",
    "resolved": "resolved",
    "closed": "closed",
    "canceled": "closed",
    "cancelled": "closed",
}
WORDS = Words(
    priorities={"1": 1, "2": 2, "3": 3, "4": 4, "5": 4}, statuses=STATES, account_by=("account", "organization", "location", "domain")
)


def ticket(row: Row) -> SourceTicket:
    cells = row.cells
    return SourceTicket(
        external_id=cells["number"],
        created_at=row.date("opened_at"),
        updated_at=row.date_if_told("sys_updated_at"),
        version=changes(cells["sys_mod_count"]),
        # "2 - High": the words may be a tenant's own, the number is not.
        priority=cells["priority"].split(" ")[0],
        status=cells["state"],
        resolved_at=resolved_at(row) if STATES.get(cells["state"].casefold()) in ("resolved", "closed", None) else None,
        subject=subject(row),
        account_values=row.account_values,
    )


def resolved_at(row: Row) -> datetime | None:
    """Resolved, else closed; where neither is said the last touch counts: what is said to be over must not stay open for want of a date."""
    return row.date_if_told("resolved_at") or row.date_if_told("closed_at")


def subject(row: Row) -> str:
    if said := row.cells["short_description"]:
        return said
    words = [value for name in ("category", "subcategory", "symptom") if (value := row.cells[name])]
    return " / ".join(words) or f"Incident {row.cells['number']}"


def changes(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise RefusedRow(f"sys_mod_count {quoted(value)} is not a number")
    return int(value[:20])


FORMAT = Format(
    name="servicenow",
    title="ServiceNow incidents",
    columns={
        "number": ("number",),
        "state": ("incident_state", "state"),
        "priority": ("priority",),
        "opened_at": ("opened_at",),
        "resolved_at": ("resolved_at",),
        "closed_at": ("closed_at",),
        "sys_updated_at": ("sys_updated_at", "sys_updated_on"),
        "sys_mod_count": ("sys_mod_count",),
        "short_description": ("short_description",),
        "category": ("category",),
        "subcategory": ("subcategory",),
        "symptom": ("u_symptom",),
    },
    needed=frozenset({"number", "state", "priority", "opened_at", "sys_mod_count"}),
    dates=frozenset({"opened_at", "resolved_at", "closed_at", "sys_updated_at"}),
    date_form="29-02-2016 01:16",
    accounts={
        "account": ("account",),
        "organization": ("company",),
        "location": ("location",),
        "requester": ("caller_id.email", "caller email"),
    },
    ticket=ticket,
    words=WORDS,
    unknown=frozenset({"", "?"}),
)
