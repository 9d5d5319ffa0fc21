"""Tickets in bulk. A ticket that cannot be read is refused by itself, and costs no other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field, SkipValidation, ValidationError

from accounts import ticket_feed
from accounts.ingest import SourceTicket
from accounts.ingest.rows import KEY_LENGTH, MOST_KEYS, WORD_LENGTH
from accounts.sources.told import Gone
from accounts.ticket_feed import MOST, Taken
from tamdash.api.auth import scoped, token_of
from tamdash.api.shapes import Given, Instant, Text, in_words, text_at

router = Router(auth=scoped("tickets:write"), tags=["Signals"])
Source = Literal["generic", "jira", "zendesk", "kayako", "servicenow"]
Word = Annotated[Text, Field(max_length=WORD_LENGTH)]
Value = Annotated[Text, Field(max_length=KEY_LENGTH)]


class TicketState(Given):
    """A ticket as its source has it. A deletion needs `ticket_id` and `deleted_at` alone.

    `priority` and `status` are the source's own words, read by the tenant's mapping. Of `generic` they are P1 to P4, and open, pending,
    resolved or closed, so that a TicketSummary can be sent as it is.
    """

    ticket_id: Text = Field(min_length=1, max_length=KEY_LENGTH)
    account_id: Value | None = Field(default=None, description="The account's id, or what is mapped to one.")
    priority: Word = ""
    status: Word = ""
    created_at: Instant | None = Field(default=None, description="When it was opened. Needed, but for a deletion.")
    updated_at: Instant | None = Field(default=None, description="When it came to this state, by the source's clock. Null: now.")
    closed_at: Instant | None = Field(default=None, description="When it was resolved or closed. Null, if it is: `updated_at`.")
    deleted_at: Instant | None = Field(default=None, description="When the source deleted it. It then counts as closed.")
    subject: Text = Field(default="", description="The first 500 characters are kept.")
    category: Word = Field(default="", description="The status category, where the source has one.")
    account_values: dict[Text, Value | list[Value]] = Field(
        default={}, description="What else may name the account, by what it is: organization, domain, project ...", max_length=MOST_KEYS
    )
    age_days: float | None = Field(default=None, description="Ignored: it follows from created_at.")

    def told(self) -> SourceTicket | Gone:
        if self.deleted_at and not (self.created_at and self.status):
            return Gone(self.ticket_id, self.deleted_at)
        return SourceTicket(
            external_id=self.ticket_id,
            created_at=self.created_at or NEVER,
            updated_at=self.updated_at,
            priority=self.priority,
            status=self.status,
            category=self.category,
            resolved_at=self.closed_at,
            subject=self.subject,
            account_values=tuple(self.named()),
            deleted_at=self.deleted_at,
        )

    def named(self) -> Sequence[tuple[str, str]]:
        own = [("account", self.account_id)] if self.account_id else []
        lists = ((kind, [given] if isinstance(given, str) else given) for kind, given in self.account_values.items())
        return [*own, *((kind, value) for kind, values in lists for value in values)]


NEVER = datetime(1, 1, 1, tzinfo=UTC)  # refused as out of range


class Tickets(Given):
    source: Source = Field(default="generic", description="Which system's words they are.")
    tickets: list[Annotated[TicketState, SkipValidation]] = Field(max_length=MOST, description="Each is read by itself.")


class TicketResult(BaseModel):
    """What became of one. `unmatched`: it is kept, and counts once somebody maps what it names to an account."""

    index: int
    ticket_id: str | None = Field(description="As it was sent. Null where that is no text.")
    result: Literal["written", "unchanged", "unmatched", "refused"]
    reason: str = Field(description="Why it was refused, or is unmatched.")


class TicketResults(BaseModel):
    """How many came to which result, and each in the order they were sent."""

    written: int
    unchanged: int
    unmatched: int
    refused: int
    items: list[TicketResult]


@router.post("/tickets", response=TicketResults, summary="Send tickets")
def write_tickets(request: HttpRequest, body: Tickets) -> TicketResults:
    """Up to 1,000 in one call, in any order and as often as one likes: the state with the latest `updated_at` stands."""
    read = [one_of(each) for each in body.tickets]
    told = {index: each for index, each in enumerate(read) if not isinstance(each, str)}
    taken = ticket_feed.take_in(token_of(request).tenant, body.source, list(told.values()), timezone.now())
    results = dict(zip(told, taken, strict=True))
    items = [result(index, results.get(index), *each) for index, each in enumerate(zip(body.tickets, read, strict=True))]
    counts = {kind: sum(item.result == kind for item in items) for kind in ("written", "unchanged", "unmatched", "refused")}
    return TicketResults(**counts, items=items)


def one_of(given: object) -> SourceTicket | Gone | str:
    """A ticket, or why it cannot be read."""
    try:
        state = TicketState.model_validate(given)
    except ValidationError as error:
        return in_words(error)
    if state.deleted_at is None and state.created_at is None:
        return "created_at is missing"
    return state.told()


def result(index: int, taken: Taken | None, given: object, read: SourceTicket | Gone | str) -> TicketResult:
    if taken is None:
        return TicketResult(index=index, ticket_id=text_at(given, "ticket_id"), result="refused", reason=str(read))
    return TicketResult(index=index, ticket_id=taken.ticket_id, result=taken.result, reason=taken.reason)
