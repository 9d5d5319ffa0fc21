"""What the stored scans said of an account, rebuilt from today's records: what moved it between two of them, and receipts.

A snapshot keeps the score and its counts; the tickets behind it are those that were open then, and its heartbeat is kept exactly.
What a source told only after a scan is no part of what that scan knew. Records can be corrected afterwards all the same (a priority
changed by hand, a date): what no longer agrees is said, never hidden.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts import asof, moves, receipts
from accounts.models import Account, HealthSnapshot, OpenInterval
from accounts.models.people import AccountChildQuerySet
from accounts.moves import Moment, Move
from accounts.scoring import Scored, Signals

COUNTED = {
    "p1_p2_ticket_count": "P1 and P2 tickets",
    "late_ticket_count": "late P1 and P2 tickets",
    "total_open_tickets": "open tickets",
}
# What a scan stores of what `scoring` finds.
STORED = (
    *COUNTED, "score", "rag", "oldest_p1_p2_age_days", "hours_since_heartbeat", "late_points", "volume_points", "silence_points",
)  # fmt: skip


class NotRebuilt(Exception):
    """Today's records no longer lead to what the scan found; the message says where they differ."""


def snapshots(account: Account) -> AccountChildQuerySet:
    """What finished scans found of the account, the latest first, each with its scan and policy."""
    found: AccountChildQuerySet = HealthSnapshot.objects.filter(
        account=account, scan__tenant=account.tenant_id, scan__finished_at__isnull=False
    )
    return found.select_related("scan__policy").order_by("-scan__at", "-scan_id")


def last_change(account: Account) -> list[HealthSnapshot]:
    """The scan that last changed the score, and the one before it, if there is one."""
    health = getattr(account, "health", None)
    if health is None:
        return []
    up_to = Q(scan__at__lt=health.changed_at) | Q(scan__at=health.changed_at, scan_id__lte=health.changed_by_scan_id)
    return list(snapshots(account).filter(up_to, scan__at__lte=health.changed_at)[:2])


def moment(snapshot: HealthSnapshot, tickets: Iterable[OpenInterval]) -> Moment:
    """`tickets` hold at least those that the scan counted."""
    at = snapshot.scan.at
    known = tuple(asof.seen(ticket) for ticket in tickets if asof.counted(ticket, snapshot.scan))
    return Moment(Signals(known, asof.heartbeat_of(snapshot, at)), snapshot.scan.policy.rules(), at)


@dataclass(frozen=True)
class RecordedMove:
    """The change between two stored scores. What the records of today no longer explain is in `corrected`, per scan."""

    before: HealthSnapshot
    after: HealthSnapshot
    move: Move
    tickets: Sequence[OpenInterval]

    @property
    def change(self) -> int:
        return self.after.score - self.before.score

    @property
    def corrected(self) -> list[tuple[HealthSnapshot, Scored, int]]:
        """(scan, what it would find by today's records, points that this adds to the change)."""
        ends = ((self.before, self.move.before, -1), (self.after, self.move.after, 1))
        return [(stored, found, sign * (stored.score - found.score)) for stored, found, sign in ends if stored.score != found.score]

    @property
    def corrected_points(self) -> int:
        return sum(points for _, _, points in self.corrected)


def moved(before: HealthSnapshot, after: HealthSnapshot, tickets: Sequence[OpenInterval]) -> RecordedMove:
    """From the earlier to the later of two snapshots. `tickets` hold at least those that either counted."""
    closed = {asof.seen(ticket): ticket.closed_at for ticket in tickets if ticket.closed_at}
    since = {asof.seen(ticket): ticket.open_from for ticket in tickets if ticket.open_from > ticket.created_at}
    return RecordedMove(before, after, moves.between(moment(before, tickets), moment(after, tickets), closed, since), tickets)


def tickets_at(account: Account, *snapshots: HealthSnapshot) -> list[OpenInterval]:
    """What one of the scans may have counted, in the order of receipts."""
    scans = [snapshot.scan for snapshot in snapshots]
    return list(account.open_intervals.filter(asof.counted_by(*scans)).in_order())


def receipt(snapshot: HealthSnapshot, account: Account) -> receipts.Receipt:
    """All that anyone needs to compute the snapshot's score again. Raises NotRebuilt."""
    tickets = [ticket for ticket in tickets_at(account, snapshot) if asof.counted(ticket, snapshot.scan)]
    found = moment(snapshot, tickets).scored()
    if different := differences(snapshot, found):
        raise NotRebuilt(f"The records of today no longer lead to what the scan found: {'; '.join(different)}.")
    policy = snapshot.scan.policy
    claim = {
        "tenant": account.tenant.slug,
        "account_id": account.external_id,
        "scan": snapshot.scan_id,
        "at": snapshot.scan.at,
        "policy": {"version": policy.version, "rules": policy.rules()},
        "inputs": {
            "tickets": [
                {"ticket_id": t.external_id, "source": t.source, "priority": f"P{t.priority}", "created_at": t.created_at} for t in tickets
            ],
            "last_heartbeat": asof.heartbeat_of(snapshot, snapshot.scan.at),
            "previous_score": snapshot.previous_score,
            "previous_rag": snapshot.previous_rag,
        },
    }
    return receipts.issue(receipts.Claim.model_validate(claim))


def differences(snapshot: HealthSnapshot, found: Scored) -> list[str]:
    """Where a score by today's records is not the stored one; in words, counts first."""
    other = [name for name in STORED if getattr(snapshot, name) != getattr(found, name)]
    counts = [f"it counted {getattr(snapshot, n)} {COUNTED[n]}, now {getattr(found, n)} are known of then" for n in other if n in COUNTED]
    if "score" in other:
        counts.append(f"the score was {snapshot.score}, now it comes to {found.score}")
    return counts or [f"{name.replace('_', ' ')} was {getattr(snapshot, name)}, now it comes to {getattr(found, name)}" for name in other]
