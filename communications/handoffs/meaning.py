"""Whether what a payload claims is so: against the tenant's own records, the policy and the latest scan."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from accounts import recorded
from accounts.models import Account, HealthSnapshot, Tenant
from accounts.models.notification import Channel
from accounts.schemas import HealthScoreResult
from communications.handoffs.registry import HANDOFFS
from communications.models import Communication
from communications.schemas import EscalationNotificationResult, TAMHandoffRequest, TAMHandoffResponse
from communications.work import payload, results

LATEST_DRAFTS = 50  # that a text may be of
UNKNOWN = "there is no active account of that id"


def of_request(given: TAMHandoffRequest, tenant: Tenant) -> Iterator[str]:
    if given.tenant_id != tenant.slug:
        yield "tenant_id: it is not the token's tenant."
    elif known(tenant, given.account_id) is None:
        yield f"account_id: {UNKNOWN}."


def known(tenant: Tenant, account_id: str) -> Account | None:
    """The tenant's own; another's is as unknown as none."""
    if not payload.is_text(account_id):
        return None
    return Account.objects.active().filter(tenant=tenant, external_id=account_id).first()


def of_response(given: TAMHandoffResponse, raw: Mapping[str, Any], tenant: Tenant) -> Iterator[str]:
    carries = HANDOFFS[given.handoff_type]
    if getattr(given, carries) is None:
        yield f"{carries}: {given.handoff_type} has to carry one."
    about = {part.account_id for part in (given.health_score, given.escalation_result) if part}
    if len(about) > 1:
        yield "escalation_result.account_id: it is another account than that of health_score."
    if given.health_score:
        yield from of_health(given.health_score, raw["health_score"], tenant)
    if given.escalation_result:
        yield from of_escalation(given.escalation_result, tenant)
    if given.communication_content is not None and len(about) == 1:
        yield from of_text(given.communication_content, known(tenant, about.pop()))


# The score


def of_health(claim: HealthScoreResult, raw: Mapping[str, Any], tenant: Tenant) -> Iterator[str]:
    account = known(tenant, claim.account_id)
    if account is None:
        yield f"health_score.account_id: {UNKNOWN}."
        return
    snapshot: HealthSnapshot | None = recorded.snapshots(account).first()
    if snapshot is None:
        yield "health_score: the account was never scanned."
        return
    yield from by_itself(claim)
    yield from by_policy(claim, raw, snapshot)
    yield from by_scan(claim, snapshot.contract(account.external_id))


def by_itself(claim: HealthScoreResult) -> Iterator[str]:
    if claim.p1_p2_ticket_count > claim.total_open_tickets:
        yield "health_score.p1_p2_ticket_count: there are more of them than open tickets in all."
    if (claim.oldest_p1_p2_age_days > 0) and claim.p1_p2_ticket_count == 0:
        yield "health_score.oldest_p1_p2_age_days: it has an age, and there is no P1 or P2 ticket."


def by_policy(claim: HealthScoreResult, raw: Mapping[str, Any], snapshot: HealthSnapshot) -> Iterator[str]:
    """By the one that the latest scan went by. `raw` has the claim that reading the contract has put right."""
    policy = snapshot.scan.policy
    if claim.rag_status != (rag := policy.rules().rag(claim.score)):
        yield f"health_score.rag_status: by policy version {policy.version} a score of {claim.score} is {rag}, not {claim.rag_status}."
    told = raw.get("should_escalate")
    by_rule = HealthScoreResult.model_validate(claim.model_dump(), context={"red_below": policy.red_below}).should_escalate
    if told is not None and bool(told) != by_rule:
        yield f"health_score.should_escalate: by the policy it is {str(by_rule).lower()}."


def by_scan(claim: HealthScoreResult, found: HealthScoreResult) -> Iterator[str]:
    for name in HealthScoreResult.model_fields:
        said, was = getattr(claim, name), getattr(found, name)
        if name != "should_escalate" and not is_same(said, was):
            yield f"health_score.{name}: it says {worded(said)}, the latest scan found {worded(was)}."


def is_same(one: Any, other: Any) -> bool:
    """Numbers may have gone through another system's floating point."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def worded(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else "none" if value is None else str(value)[:80]


# The escalation, and the text


def of_escalation(claim: EscalationNotificationResult, tenant: Tenant) -> Iterator[str]:
    account = known(tenant, claim.account_id)
    if account is None:
        yield f"escalation_result.account_id: {UNKNOWN}."
        return
    for name in sorted(claim.channels.keys() - set(Channel.values)):
        yield f"escalation_result.channels.{name[:40]}: there is no such channel."
    draft = outreach(account, claim.draft_id) if claim.draft_id is not None else None
    if claim.draft_id is not None and draft is None:
        yield "escalation_result.draft_id: there is no such outreach for this account."
        return
    found = results.escalation_result(account.pk, draft)
    for name in Channel.values:
        if claim.channels.get(name, False) != found.channels[name]:
            yield f"escalation_result.channels.{name}: on record it was {'' if found.channels[name] else 'not '}reached."
    if claim.alerts_sent != found.alerts_sent:
        yield f"escalation_result.alerts_sent: it says {claim.alerts_sent}, on record are {found.alerts_sent}."
    if claim.draft_id != found.draft_id:
        yield f"escalation_result.draft_id: it says {worded(claim.draft_id)}, the latest is {worded(found.draft_id)}."


def outreach(account: Account, draft_id: str) -> Communication | None:
    if not (draft_id.isascii() and draft_id.isdigit() and len(draft_id) <= 18):
        return None
    rows = Communication.objects.filter(account=account, communication_type=results.OUTREACH)
    return rows.filter(pk=int(draft_id)).first()


def of_text(claim: str, account: Account | None) -> Iterator[str]:
    if account is None:
        return  # said of what names it
    drafts = Communication.objects.filter(account=account).exclude(body_html="").order_by("-updated_at")[:LATEST_DRAFTS]
    if not any(results.text_of(draft) == claim for draft in drafts):
        yield "communication_content: it is the text of no draft for this account."
