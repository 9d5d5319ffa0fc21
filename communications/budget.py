"""What a tenant's drafts may cost at the model, what they did cost, and how long they take. The ledger is `ModelUse`."""

from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from accounts.models import Tenant
from communications import llm
from communications.models import Communication, ModelUse

Outcome = ModelUse.Outcome
ANSWERED = (Outcome.ANSWERED, Outcome.REPAIRED)
MILLION = 1_000_000
LATEST = 20
USUAL_SECONDS = 10.0  # as long as nothing was measured


class OverBudget(llm.ModelError):
    """The model is not to be asked for this one. The message says until when."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)

    advice = ""


class Spent(NamedTuple):
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost: Decimal
    seconds: float


def cost(input_tokens: int, output_tokens: int) -> Decimal:
    """In the currency of the prices, which are those of a million tokens."""
    price_in, price_out = Decimal(str(settings.LLM_PRICE_INPUT)), Decimal(str(settings.LLM_PRICE_OUTPUT))
    return (input_tokens * price_in + output_tokens * price_out) / MILLION


def reserve(draft: Communication, prompt_tokens: int, answer_tokens: int, now: datetime) -> ModelUse:
    """Enters what asking may cost at most, the repair round included, before it is asked. Raises OverBudget."""
    most = (2 * prompt_tokens + answer_tokens, 2 * answer_tokens)
    with transaction.atomic():
        # One at a time: two that both saw room for one more would overspend.
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=draft.tenant_id)
        check_month(tenant, sum(most), cost(*most), now)
        if draft.requested_by_id:
            check_hour(tenant, draft.requested_by_id, now)
        return ModelUse.objects.create(
            tenant=tenant,
            communication=draft,
            user_id=draft.requested_by_id,
            model=settings.LLM_MODEL[:120],
            at=now,
            input_tokens=most[0],
            output_tokens=most[1],
            cost=cost(*most),
        )


def check_month(tenant: Tenant, tokens: int, price: Decimal, now: datetime) -> None:
    """The tenant's own calendar month. What is reserved counts as spent."""
    limits, local = tenant.config, now.astimezone(tenant.zone)
    if not limits.model_tokens_per_month:
        raise OverBudget("By the tenant's settings no model is asked.")
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    uses = ModelUse.objects.filter(tenant=tenant, at__gte=first)
    sums = uses.aggregate(input=Sum("input_tokens", default=0), output=Sum("output_tokens", default=0), cost=Sum("cost", default=0))
    again = (first + timedelta(days=32)).replace(day=1)
    if sums["input"] + sums["output"] + tokens > limits.model_tokens_per_month:
        raise exhausted(f"{limits.model_tokens_per_month:,} tokens", sums["input"] + sums["output"] >= limits.model_tokens_per_month, again)
    if limits.model_cost_per_month and sums["cost"] + price > limits.model_cost_per_month:
        raise exhausted(f"{limits.model_cost_per_month:,} for the model", sums["cost"] >= limits.model_cost_per_month, again)


def exhausted(budget: str, is_all: bool, again: datetime) -> OverBudget:
    words = (
        f"The month's budget of {budget} is used up" if is_all else f"The rest of the month's budget of {budget} is too small for a text"
    )
    return OverBudget(f"{words}; the model writes again from 1 {again:%B}.")


def check_hour(tenant: Tenant, user_id: int, now: datetime) -> None:
    """What a person asked for within the last hour. A release's batch was confirmed as a whole, and does not count."""
    limit = tenant.config.model_drafts_per_hour
    uses = ModelUse.objects.filter(Q(communication=None) | Q(communication__release=None), user=user_id, at__gt=now - timedelta(hours=1))
    latest = uses.order_by("-at").values_list("at", flat=True)[:limit]
    if len(latest) >= limit:
        # The minute that is shown has to hold, so it is the next full one.
        again = latest[limit - 1].astimezone(tenant.zone) + timedelta(hours=1, minutes=1)
        raise OverBudget(
            f"You asked for {limit} {'texts' if limit > 1 else 'text'} within the hour; from {again:%H:%M} on the model writes again."
        )


def settle(use: ModelUse, outcome: str, usage: llm.Usage, seconds: float, error: str = "") -> None:
    """Puts what it did cost in place of what was reserved."""
    ModelUse.objects.filter(pk=use.pk).update(
        outcome=outcome,
        requests=usage.requests,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=cost(usage.input_tokens, usage.output_tokens),
        seconds=round(seconds, 3),
        error=error[:300],
    )


def spent_on(draft: Communication) -> Spent | None:
    """All that the model was asked for this draft, stopped and failed attempts included; None where it never was. One query."""
    uses = list(ModelUse.objects.filter(communication=draft).exclude(outcome=Outcome.RESERVED))
    if not uses:
        return None
    return Spent(
        model=uses[0].model,
        requests=sum(use.requests for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        cost=sum((use.cost for use in uses), Decimal()),
        seconds=sum(use.seconds for use in uses),
    )


def usual_seconds(tenant: Tenant) -> float:
    """How long the model takes for a text: the median of the latest ones. One query."""
    latest = ModelUse.objects.filter(tenant=tenant, outcome__in=ANSWERED).order_by("-at").values_list("seconds", flat=True)[:LATEST]
    return median(latest) if latest else USUAL_SECONDS
