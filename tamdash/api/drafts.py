"""Drafts, to read: what was written, how far it is, and how well it is grounded. Nothing here changes or sends one."""

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from accounts.schemas import CommunicationType, UtcDatetime
from communications import review
from communications.models import Communication
from communications.models.draft import CommunicationQuerySet
from tamdash.api import problems
from tamdash.api.auth import scoped, token_of
from tamdash.api.shapes import Instant, Page, PageAsked, Text, bad_cursor, cursor_of, place_of

router = Router(auth=scoped("drafts:read"), tags=["Drafts"])
Status = Literal["queued", "generating", "ready", "failed", "approved", "delivered", "sent", "rejected"]
LARGEST_ID = 2**63 - 1


class DraftSummary(BaseModel):
    """A draft without its text. `version` counts every change."""

    draft_id: str
    account_id: str
    communication_type: CommunicationType
    status: Status
    version: int
    subject: str
    writer: str = Field(description="Who wrote it: `model` or `offline`. Empty while nobody has.")
    open_flags: int | None = Field(description="Claims without a source that nobody confirmed. Null: not counted yet.")
    created_at: UtcDatetime
    updated_at: UtcDatetime


class ClaimCounts(BaseModel):
    """The checkable claims of the text: all, those traced to a record, confirmed by a person, and open."""

    total: int
    grounded: int
    confirmed: int
    open: int


class Draft(DraftSummary):
    """A draft with its text, which is sanitised HTML."""

    recipients: str
    html: str
    writer_note: str = Field(description="Which model wrote it, or why the offline composer did.")
    claims: ClaimCounts
    failure: str = Field(description="Why it could not be written, where it failed.")
    reject_reason: str
    outcome: str = Field(description="What came of it, as the rep noted after sending it.")


class DraftsAsked(PageAsked):
    account_id: Text | None = Field(default=None, description="Of this account.")
    status: list[Status] = Field(default=[], description="In one of these states.")
    communication_type: list[CommunicationType] = Field(default=[])
    updated_since: Instant | None = None

    def rows(self, drafts: CommunicationQuerySet) -> CommunicationQuerySet:
        wanted = {
            "account__external_id": self.account_id,
            "status__in": self.status,
            "communication_type__in": self.communication_type,
            "updated_at__gte": self.updated_since,
        }
        found: CommunicationQuerySet = drafts.filter(**{name: value for name, value in wanted.items() if value not in (None, [])})
        return found


@router.get("/drafts", response=Page[DraftSummary], summary="Drafts, the newest first")
def list_drafts(request: HttpRequest, asked: Query[DraftsAsked]) -> Page[DraftSummary]:
    """The tenant's drafts without their texts. All filters given must hold."""
    drafts = asked.rows(Communication.objects.filter(tenant=token_of(request).tenant_id))
    if asked.cursor:
        last = number(place_of(asked.cursor, 1)[0])
        if last is None:
            raise bad_cursor()
        drafts = drafts.filter(pk__lt=last)
    rows = drafts.with_writer().select_related("account").defer("body_html").order_by("-pk")[: asked.limit + 1]
    page, has_more = asked.page(list(rows))
    items = [DraftSummary.model_validate(values(row, row.written_by)) for row in page]
    return Page[DraftSummary](items=items, next_cursor=cursor_of(str(page[-1].pk)) if has_more else None)


@router.get("/drafts/{draft_id}", response=Draft, summary="One draft")
def get_draft(request: HttpRequest, draft_id: str) -> Draft:
    """With its text, and how many of its claims have a source."""
    drafts = Communication.objects.filter(tenant=token_of(request).tenant_id).select_related("account", "generation")
    row = drafts.filter(pk=number(draft_id)).first()
    if row is None:
        raise problems.missing()
    checked = review.of(row)
    claims = ClaimCounts(
        total=len(checked.claims), grounded=len(checked.grounded), confirmed=len(checked.confirmed), open=len(checked.open)
    )
    texts = {name: getattr(row, name) for name in ("recipients", "writer_note", "failure", "reject_reason", "outcome")}
    return Draft.model_validate(values(row, row.writer) | texts | {"html": row.body_html, "claims": claims})


def number(text: str) -> int | None:
    """A draft's number; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_ID else None


def values(draft: Communication, writer: str | None) -> dict[str, object]:
    same = ("communication_type", "status", "version", "subject", "open_flags", "created_at", "updated_at")
    own = {"draft_id": str(draft.pk), "account_id": draft.account.external_id, "writer": writer or ""}
    return own | {name: getattr(draft, name) for name in same}
