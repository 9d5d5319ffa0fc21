"""What is to be done next about an account: the first two that apply of a written list, in one sentence."""

from collections.abc import Iterator
from datetime import timedelta

from communications.work.standing import Standing

SOON = timedelta(days=7)


def recommended(standing: Standing) -> str:
    """The same sentence for the same standing. The steps, gravest first:

    1. never scanned: scan it
    2. an open escalation: acknowledge it, by when or since when it is overdue
    3. a draft that waits for review: review it, with its claims without a source; approve it where there are none
    4. a draft that is being written: wait for it
    5. a source that stopped reporting: find out why
    6. an escalation that nobody has written about: ask for an outreach
    7. Red without an escalation: agree a recovery plan
    8. Red within seven days if nothing changes: act before
    9. a silent heartbeat: restore it
    10. P1 or P2 tickets that cost points: resolve the oldest
    11. Amber by the number of tickets: bring it down
    12. else: nothing out of the ordinary
    """
    first, *rest = [*steps(standing), "keep to the regular check-ins, nothing is out of the ordinary"][:2]
    if rest and not rest[0].startswith("keep to"):
        first += f", then {rest[0]}"
    return f"{first[0].upper()}{first[1:]}."


def steps(standing: Standing) -> Iterator[str]:
    health = standing.health
    if health is None:
        yield f"scan {standing.account_id}, which was never scanned"
    yield from of_people(standing)
    if health is None:
        return
    if health.rag_status == "Red" and standing.escalation is None:
        yield f"agree a recovery plan with the customer, as {standing.account_id} is Red at {health.score}"
    if health.rag_status != "Red" and standing.turns_red_at and standing.turns_red_at <= standing.now + SOON:
        yield f"act before {standing.turns_red_at:%Y-%m-%d %H:%M} UTC, when the account turns Red if nothing changes"
    yield from of_signals(standing)


def of_people(standing: Standing) -> Iterator[str]:
    """What waits for somebody to decide."""
    escalation, draft = standing.escalation, standing.draft
    if escalation and escalation.is_open and not escalation.is_muted:
        overdue = escalation.due_at <= standing.now
        yield f"acknowledge {escalation.name}, {'overdue since' if overdue else 'due by'} {escalation.due_at:%Y-%m-%d %H:%M} UTC"
    if draft and draft.is_under_way:
        yield f"wait for the {draft.words}, which is being written as draft {draft.number}"
    elif draft:
        claims = f", which has {draft.open_flags} claim{'' if draft.open_flags == 1 else 's'} without a source" if draft.open_flags else ""
        yield f"review the {draft.words} (draft {draft.number}){claims or ' and approve it'}"
    for name, as_of in standing.stale[:1]:
        yield f"find out why {name} has not reported since {as_of:%Y-%m-%d %H:%M} UTC, as the score rests on it"
    if escalation and not escalation.has_outreach:
        yield f"ask for an outreach about {escalation.name}, which has none"


def of_signals(standing: Standing) -> Iterator[str]:
    """What costs points."""
    health, policy = standing.health, standing.policy
    assert health is not None
    silence = health.hours_since_heartbeat
    if silence is not None and silence > policy.silent_after_hours:
        yield f"restore the heartbeat, silent for {silence:.0f} hours"
    if health.oldest_p1_p2_age_days > policy.late_after_days:
        yield f"resolve the oldest P1 or P2 ticket, open for {health.oldest_p1_p2_age_days:.1f} days"
    if health.rag_status == "Amber" and health.total_open_tickets > policy.free_tickets:
        yield f"bring the {health.total_open_tickets} open tickets down to {policy.free_tickets}"
