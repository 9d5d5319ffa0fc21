"""What the account page reads, in a number of queries that no history makes grow."""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q

from accounts import asof, freshness, policy_days, projection, recorded, scoring, trail
from accounts.freshness import Freshness
from accounts.models import (
    Account,
    AccountHealth,
    CommunicationHistory,
    Escalation,
    HealthSnapshot,
    Heartbeat,
    OpenInterval,
    Opinion,
    ScanRun,
)
from accounts.pages import account_log, charts, deduction_lines
from accounts.pages.account_log import LogEntry
from accounts.pages.deduction_lines import Line
from accounts.pages.move_lines import Told, tell
from accounts.projection import Step
from accounts.scoring import Deduction, Policy, Scored, Signals

MOST_TICKETS = 200
LOOK_AHEAD = timedelta(days=365)


class Overview:
    """An account as its page shows it: the score of the last scan with its reasons, and what changed since."""

    def __init__(self, account: Account, now: datetime) -> None:
        self.account, self.now = account, now
        self.today = now.astimezone(account.tenant.zone).date()
        self.health: AccountHealth | None = getattr(account, "health", None)
        self.heartbeat: Heartbeat | None = getattr(account, "heartbeat", None)

    @cached_property
    def latest(self) -> HealthSnapshot | None:
        """What the last scan that covered the account found."""
        found: HealthSnapshot | None = recorded.snapshots(self.account).first()
        return found

    @property
    def run(self) -> ScanRun | None:
        """The last scan that covered the account."""
        return self.latest.scan if self.latest else None

    @cached_property
    def scored_by(self) -> Policy:
        """The policy of the score that is shown."""
        return self.run.policy.rules() if self.run else self.policy

    @cached_property
    def policy(self) -> Policy:
        """The one in force, by which the next scan scores."""
        return policy_days.in_force(policy_days.adopted_of(self.account), self.now)

    @cached_property
    def tickets_since_scan(self) -> list[OpenInterval]:
        """Open now, or at the last scan, or when the score last changed."""
        since = self.run.at if self.run else self.now
        then = asof.counted_by(*(snapshot.scan for snapshot in self.last_change))
        return list(self.account.open_intervals.filter(Q(closed_at=None) | Q(closed_at__gt=since) | then))

    @cached_property
    def last_change(self) -> list[HealthSnapshot]:
        return recorded.last_change(self.account)

    @cached_property
    def told(self) -> Told | None:
        """What moved the score when it last changed; None where there is but one scan to tell of."""
        if len(self.last_change) < 2:
            return None
        after, before = self.last_change
        return tell(recorded.moved(before, after, self.tickets_since_scan))

    @cached_property
    def tickets(self) -> list[OpenInterval]:
        return [ticket for ticket in self.tickets_since_scan if ticket.closed_at is None and ticket.created_at <= self.now]

    def signals(self, at: datetime) -> Signals:
        return asof.signals(self.tickets_since_scan, self.heartbeat_at(at), at)

    def heartbeat_at(self, at: datetime) -> datetime | None:
        """As the last scan knew it, if `at` is its instant."""
        if self.latest and at == self.latest.scan.at:
            return asof.heartbeat_of(self.latest, at)
        return asof.last_heartbeat(self.account, self.heartbeat, at)

    @cached_property
    def live(self) -> Scored:
        """The score that a scan would find now."""
        return scoring.score(self.now_known, self.policy, self.now)

    @cached_property
    def at_scan(self) -> Scored | None:
        return scoring.score(self.signals(self.run.at), self.scored_by, self.run.at) if self.run and self.health else None

    @property
    def deductions(self) -> list[Deduction]:
        """The points of the stored score. Ticket by ticket, unless the tickets of then are no longer known as they were."""
        if self.health is None or self.at_scan is None:
            return []
        stored = (self.health.late_points, self.health.volume_points, self.health.silence_points)
        if (self.at_scan.late_points, self.at_scan.volume_points, self.at_scan.silence_points) == stored:
            return list(self.at_scan.deductions)
        late, volume, silence = stored
        lines = [Deduction("late_ticket", late), Deduction("volume", volume), Deduction("silence", silence)]
        lines = [line for line in lines if line.points]
        over = sum(stored) - (100 - self.health.score)
        return [*lines, Deduction("floor", -over)] if over else lines

    @property
    def points_taken(self) -> int:
        return sum(deduction.points for deduction in self.deductions)

    @property
    def has_next(self) -> bool:
        """Whether something that costs points already will cost more by itself."""
        return any(line.next for line in self.lines)

    @cached_property
    def lines(self) -> list[Line]:
        return deduction_lines.lines(self)

    def silence_days(self, at: datetime) -> float | None:
        last = self.heartbeat_at(at)
        return (at - last).total_seconds() / 86400 if last else None

    @property
    def ticket_rows(self) -> list[tuple[OpenInterval, float, int]]:
        """Open tickets with their age in days and the points each alone costs now; urgent and oldest first."""
        late = {ticket.key: d.points for d in self.live.deductions if d.cause == "late_ticket" for ticket in d.tickets}
        return [
            (ticket, ticket.age_days(self.now), late.get((ticket.source, ticket.external_id), 0)) for ticket in self.tickets[:MOST_TICKETS]
        ]

    @property
    def moved_since_scan(self) -> bool:
        return self.health is not None and self.live.score != self.health.score

    @cached_property
    def yesterday(self) -> int | None:
        return trail.score_on(self.health.trail, self.today - timedelta(days=1)) if self.health else None

    @cached_property
    def escalations(self) -> list[Escalation]:
        return list(self.account.escalations.order_by("-opened_at", "-id")[:20])

    @property
    def escalation(self) -> Escalation | None:
        return next((e for e in self.escalations if e.status != Escalation.Status.RESOLVED), None)

    @cached_property
    def coming(self) -> tuple[Step, ...]:
        """The steps of the next year if nothing changes, from what is known now; a heartbeat that reports goes on reporting."""
        return projection.steps(self.expected, self.policy, self.now, self.now + LOOK_AHEAD)

    @cached_property
    def expected(self) -> Signals:
        within = timedelta(hours=self.account.tenant.config.reporting_within_hours)
        return projection.expected(self.now_known, self.policy, self.now, within)

    @property
    def if_silent(self) -> Step | None:
        """Where it would come to another state sooner if the heartbeat, which reports, stopped now."""
        if self.expected == self.now_known:
            return None
        stopped = projection.next_rag(self.now_known, self.policy, self.now, self.now + LOOK_AHEAD)
        return stopped if stopped and any(cause.kind == "silence" for cause in stopped.causes) else None

    @cached_property
    def now_known(self) -> Signals:
        return self.signals(self.now)

    @property
    def soon(self) -> tuple[Step, ...]:
        """Those that the chart has room for."""
        return tuple(step for step in self.coming if step.at <= self.now + timedelta(days=charts.AHEAD))

    @property
    def comes_to(self) -> int:
        """The score at the end of the steps known."""
        return self.coming[-1].score if self.coming else self.live.score

    @property
    def soon_score(self) -> int:
        return self.soon[-1].score if self.soon else self.live.score

    @property
    def turn(self) -> Step | None:
        """The step to Red; of a Green account that stays out of Red, the step to Amber."""
        return projection.turn(self.coming, self.live.rag)

    @property
    def dial(self) -> charts.Dial | None:
        if self.health is None:
            return None
        return charts.dial(self.health.score, self.scored_by, self.soon_score)

    @cached_property
    def policies(self) -> list[tuple[date, Policy]]:
        """Those of the chart's days, each with the first date it scored."""
        first = self.today - timedelta(days=charts.DAYS - 1)
        return policy_days.over(policy_days.adopted_of(self.account), self.account.tenant.zone, first, self.today)

    @cached_property
    def chart(self) -> charts.Chart | None:
        if self.health is None:
            return None
        zone = self.account.tenant.zone
        marks = [(e.opened_at.astimezone(zone).date(), f"{e}") for e in self.escalations]
        return charts.chart(bytes(self.health.trail), self.policies, self.now.astimezone(zone), self.live.score, self.soon, marks)

    @cached_property
    def log(self) -> list[LogEntry]:
        return account_log.log(self)

    @cached_property
    def opinions(self) -> list[Opinion]:
        return list(self.account.opinions.select_related("author")[: account_log.LENGTH])

    @property
    def opinion(self) -> Opinion | None:
        """The one that stands: an expired one does not, even if nobody has ended it yet."""
        return next((o for o in self.opinions if o.ended_at is None and o.expires_at > self.now), None)

    @cached_property
    def freshness(self) -> Freshness:
        return freshness.of_account(self.account, self.tickets, self.heartbeat_at(self.now), self.policy, self.now)

    @cached_property
    def history(self) -> list[CommunicationHistory]:
        return list(self.account.communication_history.all()[:8])

    @cached_property
    def drafts(self) -> list[Any]:
        """The account's latest drafts, through the relation that the communications app adds."""
        return list(self.account.communications.defer("body_html").order_by("-updated_at")[: account_log.LENGTH])
