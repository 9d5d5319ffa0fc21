"""Accounts: the list, one of them, and its relationship profile. `health` has what is known of its score.

An account's id may hold anything, slashes too. In an address it stands percent-encoded; one that ends like the address of another
resource (“a/health”) is read by `GET /accounts?account_id=`.
"""

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from accounts.models import Account
from accounts.models.profile import AccountQuerySet
from accounts.schemas import RagStatus, RelationshipProfile, UtcDatetime
from tamdash.api import problems
from tamdash.api.auth import scoped, token_of
from tamdash.api.shapes import Instant, Page, PageAsked, Text, cursor_of, place_of

router = Router(auth=scoped("accounts:read"), tags=["Accounts"])

ONE = "/accounts/{path:account_id}"
Tier = Literal["strategic", "enterprise", "growth", "core"]


class AccountSummary(BaseModel):
    """An account and how it stands. The health half is null before its first scan."""

    account_id: str
    account_name: str
    owner: str | None = Field(description="The rep's mail address.")
    tier: Tier
    region: str
    arr: int = Field(description="Annual recurring revenue in whole units of the tenant's currency.")
    renewal_date: date | None
    is_active: bool = Field(description="An inactive account is not scanned, and not in the list.")
    score: int | None
    rag_status: RagStatus | None
    previous_score: int | None
    previous_rag: RagStatus | None
    total_open_tickets: int | None
    p1_p2_ticket_count: int | None
    changed_at: UtcDatetime | None = Field(description="The scan that last found a change.")
    next_rag: RagStatus | None = Field(description="The state it comes to if nothing changes, and when.")
    next_rag_at: UtcDatetime | None
    turns_red_at: UtcDatetime | None = Field(description="When it comes to Red if nothing changes. Null: not as far as one can see.")


class AccountsAsked(PageAsked):
    account_id: list[Text] = Field(default=[], max_length=200, description="These only.")
    rag: list[RagStatus] = Field(default=[], description="In one of these states at the last scan.")
    owner: Text | None = Field(default=None, description="The rep's mail address, or `none`.")
    tier: list[Tier] = Field(default=[])
    region: Text | None = None
    turns_red_before: Instant | None = Field(default=None, description="Projected Red by then, by the last scan.")
    next_rag_before: Instant | None = Field(default=None, description="Projected in another state by then, by the last scan.")
    changed_since: Instant | None = Field(default=None, description="A scan found its score or tickets changed since then.")

    def rows(self, accounts: AccountQuerySet) -> AccountQuerySet:
        wanted: dict[str, Any] = {
            "external_id__in": self.account_id,
            "health__rag__in": self.rag,
            "tier__in": self.tier,
            "region": self.region,
            "health__turns_red_at__lt": self.turns_red_before,
            "health__next_rag_at__lt": self.next_rag_before,
            "health__changed_at__gte": self.changed_since,
        }
        if self.owner == "none":
            accounts = accounts.filter(owner=None)
        elif self.owner is not None:
            accounts = accounts.filter(owner__email__iexact=self.owner)
        found: AccountQuerySet = accounts.filter(**{name: value for name, value in wanted.items() if value not in (None, [])})
        return found


@router.get("/accounts", response=Page[AccountSummary], summary="Accounts and how they stand")
def list_accounts(request: HttpRequest, asked: Query[AccountsAsked]) -> Page[AccountSummary]:
    """The tenant's active accounts, by id. All filters given must hold."""
    accounts = asked.rows(Account.objects.filter(tenant=token_of(request).tenant_id).active())
    if asked.cursor:
        accounts = accounts.filter(external_id__gt=place_of(asked.cursor, 1)[0])
    rows = accounts.select_related("owner", "health").defer("health__trail").order_by("external_id")[: asked.limit + 1]
    page, has_more = asked.page(list(rows))
    return Page[AccountSummary](
        items=[summary(row) for row in page],
        next_cursor=cursor_of(page[-1].external_id) if has_more else None,
    )


@router.get(f"{ONE}/profile", response=RelationshipProfile, summary="An account's relationship profile")
def get_profile(request: HttpRequest, account_id: str) -> RelationshipProfile:
    """Stakeholders, integrations, features in use, environment, history and joint ideas."""
    return found(request, account_id, Account.objects.with_profile()).relationship_profile()


def found(request: HttpRequest, account_id: str, accounts: AccountQuerySet | None = None) -> Account:
    """The tenant's account with that id. Raises Problem."""
    rows = Account.objects.all() if accounts is None else accounts
    row: Account | None = rows.filter(tenant=token_of(request).tenant_id, external_id=account_id).first()
    if row is None:
        raise problems.missing()
    return row


def summary(account: Account) -> AccountSummary:
    health = getattr(account, "health", None)
    return AccountSummary.model_validate(
        {
            "account_id": account.external_id,
            "account_name": account.name,
            "owner": account.owner.email if account.owner else None,
            "total_open_tickets": health and health.open_tickets,
            "p1_p2_ticket_count": health and health.p1_p2_tickets,
            "rag_status": health and health.rag,
            **{name: getattr(account, name) for name in ("tier", "region", "arr", "renewal_date", "is_active")},
            **{name: getattr(health, name, None) for name in OF_HEALTH},
        }
    )


OF_HEALTH = ("score", "previous_score", "previous_rag", "changed_at", "next_rag", "next_rag_at", "turns_red_at")
