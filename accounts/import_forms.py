"""What people say of a file of tickets: which it is, and how it is to be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from accounts.imports.choices import DELIMITERS, ENCODINGS, Choices
from accounts.imports.detecting import Detected
from accounts.imports.layout import KINDS, Layout
from accounts.models.people import time_zones
from accounts.pages.unmatched import label as kind_label
from accounts.sources import FORMATS
from accounts.sources.dates import ORDERS

COLUMN = "column-"
NONE = "none"
MOST_HEADINGS = 400  # in a list to choose from; the command takes any
MARKS = {name: mark for mark, name in DELIMITERS.items()}
Option = tuple[str, str]
# What the formats' values are called here, where the name is not plain already.
LABELS = {
    **dict.fromkeys(("ticket_id", "key", "id", "number"), "Ticket id"),
    **dict.fromkeys(("status", "state"), "Status"),
    **dict.fromkeys(("created_at", "created", "created at", "opened_at"), "Opened"),
    **dict.fromkeys(("updated_at", "updated", "updated at", "sys_updated_at"), "Last changed"),
    **dict.fromkeys(("resolved", "resolved_at", "solved at"), "Resolved"),
    **dict.fromkeys(("subject", "summary", "short_description"), "Subject"),
    "closed_at": "Closed",
    "sys_mod_count": "Number of changes",
    "account": "Account: its own id",
    "requester": "Account: mail address of who asked",
}


class FileForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV as Jira, Zendesk or ServiceNow export it, or of another system. Up to 1 GB.",
        error_messages={"required": "Choose a file first.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )


class ReadingForm(forms.Form):
    """How a file is to be read, from the address. What makes no sense is found by looking: a link never fails."""

    format = forms.ChoiceField(choices=[(name, name) for name in FORMATS], required=False)
    delimiter = forms.ChoiceField(choices=[(name, name) for name in MARKS], required=False)
    encoding = forms.ChoiceField(choices=list(ENCODINGS.items()), required=False)
    date_order = forms.ChoiceField(choices=list(ORDERS.items()), required=False)
    time_zone = forms.ChoiceField(choices=[(name, name) for name in sorted(time_zones())], required=False)
    account_column = forms.CharField(max_length=500, required=False)
    create_accounts = forms.BooleanField(required=False)


def choices_from(query: QueryDict) -> Choices:
    form = ReadingForm(query)
    form.is_valid()
    given = form.cleaned_data
    format = given.get("format") or ""
    chosen = {name.removeprefix(COLUMN): str(value) for name, value in query.items() if name.startswith(COLUMN) and value}
    formats = [FORMATS[format]] if format else list(FORMATS.values())
    allowed = {*KINDS, *(name for known in formats for name in known.columns)}
    return Choices(
        format=format,
        delimiter=MARKS.get(given.get("delimiter") or "", ""),
        encoding=given.get("encoding") or "",
        date_order=given.get("date_order") or "",
        time_zone=given.get("time_zone") or "",
        columns={name: "" if value == NONE else value.removeprefix("=") for name, value in chosen.items() if name in allowed},
        account_column=given.get("account_column") or "",
        create_accounts=bool(given.get("create_accounts")),
    )


def address(choices: Choices) -> str:
    """The query that says the same."""
    said: dict[str, Any] = {"format": choices.format, "delimiter": DELIMITERS.get(choices.delimiter, ""), "encoding": choices.encoding}
    said |= {"date_order": choices.date_order, "time_zone": choices.time_zone, "account_column": choices.account_column}
    said |= {"create_accounts": "on"} if choices.create_accounts else {}
    said |= {COLUMN + name: f"={heading}" if heading else NONE for name, heading in choices.columns.items()}
    return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class Select:
    """A list to choose from. The first option leaves it to what was found."""

    name: str
    label: str
    options: Sequence[Option]
    chosen: str
    is_missing: bool = False


def zones(own: str) -> list[Option]:
    """The tenant's own zone stands first: a person's export is likeliest in that."""
    return [("", "UTC"), *((name, name.replace("_", " ")) for name in (own, *sorted(time_zones() - {own})) if name != "UTC")]


def selects(asked: Choices, found: Detected, zone: str) -> list[Select]:
    """`zone`: the tenant's time zone."""
    read_as = found.choices
    formats = [(name, known.title) for name, known in FORMATS.items()]
    encodings = ENCODINGS | {"utf-8-sig": "Unicode (UTF-8)", "utf-16-le": "Unicode (UTF-16)"}
    orders = f"{ORDERS[read_as.date_order]}{'' if found.dates.is_certain else ', a guess'}" if found.dates.in_numbers else ""
    title = FORMATS[read_as.format].title if found.is_recognised else ""
    mark = DELIMITERS[read_as.delimiter] if len(found.layout.headings) > 1 else ""
    return [
        Select("format", "Exported from", [found_as(title, asked.format, "Not recognised: choose"), *formats], asked.format),
        Select("delimiter", "Columns apart by", [found_as(mark, marked(asked)), *((n, n) for n in MARKS)], marked(asked)),
        Select("encoding", "Encoding", [found_as(encodings[read_as.encoding], asked.encoding), *ENCODINGS.items()], asked.encoding),
        Select("date_order", "Dates in numbers", [found_as(orders, asked.date_order), *ORDERS.items()], asked.date_order),
        Select("time_zone", "Dates without a time zone", zones(zone), asked.time_zone),
    ]


def account_column(asked: Choices, found: Detected, account_by: Sequence[str]) -> Select:
    by_mapping = ", ".join(kind_label(kind) for kind in account_by if kind != "column")
    options = [("", f"As mapped: {by_mapping}"), *((heading, heading) for _, heading in headings_of(found.layout))]
    return Select("account_column", "The account is named by", options, asked.account_column)


def found_as(words: str, asked: str = "", otherwise: str = "None found") -> Option:
    """The option that leaves it to what was found: what that is stands there unless something else was chosen."""
    return "", "As found" if asked else f"Found: {words}" if words else otherwise


def marked(asked: Choices) -> str:
    return DELIMITERS.get(asked.delimiter, "")


def columns(asked: Choices, layout: Layout) -> Iterator[Select]:
    """A list for each value that the format reads, and for each kind of value that may name an account."""
    headings = headings_of(layout)
    for name in layout.format.columns:
        place = layout.positions.get(name)
        is_missing = name in layout.format.needed and place is None
        found = layout.headings[place] if place is not None and name not in asked.columns else ""
        yield column(name, LABELS.get(name, name.replace("_", " ").capitalize()), found, asked, headings, is_missing=is_missing)
    if not asked.account_column:
        for kind in dict.fromkeys((*layout.format.accounts, *KINDS)):
            places = layout.accounts.get(kind, ())
            found = layout.headings[places[0]] if places and kind not in asked.columns else ""
            yield column(kind, LABELS.get(kind, f"Account: {kind_label(kind)}"), found, asked, headings)


def column(name: str, label: str, found: str, asked: Choices, headings: list[Option], *, is_missing: bool = False) -> Select:
    said = asked.columns.get(name)
    chosen = "" if said is None else f"={said}" if said else NONE
    first = ("", f"Found: {found}" if found else "As found" if name in asked.columns else "Not found")
    return Select(COLUMN + name, label, [first, (NONE, "Not in this file"), *headings], chosen, is_missing)


def headings_of(layout: Layout) -> list[Option]:
    distinct = dict.fromkeys(heading.strip() for heading in layout.headings if heading.strip())
    return [(f"={heading}", heading[:80]) for heading in list(distinct)[:MOST_HEADINGS]]
