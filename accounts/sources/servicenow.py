"""ServiceNow's incident table as CSV, also as an event log with several rows an incident: the highest `sys_mod_count` is its state.

An export of the end state repeats the final dates on every row, so a date of resolution counts only where the state says so.
`?` means unknown. Dates are day-month-year hour:minute or year-month-day hour:minute:second, taken as UTC.
"""

from datetime import datetime

from accounts.ingest import RefusedRow, SourceTicket
from accounts.ingest.mapping import Words, quoted
from accounts.sources.reading import Cells, Format, iso, read_date

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
UNKNOWN = ("", "?")


def ticket(cells: Cells) -> SourceTicket:
    updated_at = cells["sys_updated_at"]
    return SourceTicket(
        external_id=cells["number"],
        created_at=date(cells["opened_at"], "opened_at"),
        updated_at=date(updated_at, "sys_updated_at") if updated_at not in UNKNOWN else None,
        version=changes(cells["sys_mod_count"]),
        # "2 - High": the words may be a tenant's own, the number is not.
        priority=cells["priority"].split(" ")[0],
        status=cells["state"],
        resolved_at=resolved_at(cells) if STATES.get(cells["state"].casefold()) in ("resolved", "closed", None) else None,
        subject=subject(cells),
        account_values=FORMAT.account_values(cells),
    )


def resolved_at(cells: Cells) -> datetime | None:
    """Resolved, else closed; where neither is said the last touch counts: what is said to be over must not stay open for want of a date."""
    for name in ("resolved_at", "closed_at"):
        if cells[name] not in UNKNOWN:
            return date(cells[name], name)
    return None


def subject(cells: Cells) -> str:
    if cells["short_description"] not in UNKNOWN:
        return cells["short_description"]
    words = [cells[name] for name in ("category", "subcategory", "symptom") if cells[name] not in UNKNOWN]
    return " / ".join(words) or f"Incident {cells['number']}"


def changes(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise RefusedRow(f"sys_mod_count {quoted(value)} is not a number")
    return int(value[:20])


def date(value: str, name: str) -> datetime:
    return read_date(day_first, value, name, "29-02-2016 01:16")


def day_first(value: str) -> datetime:
    if value[2:3] != "-":
        return iso(value)
    if len(value) != 16 or (value[5], value[10], value[13]) != ("-", " ", ":"):
        raise ValueError(value)
    return datetime(int(value[6:10]), int(value[3:5]), int(value[:2]), int(value[11:13]), int(value[14:]))


FORMAT = Format(
    name="servicenow",
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
        "account": ("account",),
        "organization": ("company",),
        "location": ("location",),
    },
    needed=frozenset({"number", "state", "priority", "opened_at", "sys_mod_count"}),
    ticket=ticket,
    words=WORDS,
    account_kinds=("account", "organization", "location"),
)
