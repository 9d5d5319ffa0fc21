"""One escalation beside its queue: how the account stands, who was told, what happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.timezone import localdate

from accounts import outreach
from accounts.models import Account, Escalation, EscalationEvent, Notification
from accounts.notifications.again import worth_another_try
from accounts.pages import queue_rows
from accounts.pages.overview import Overview
from accounts.pages.queue_reads import Row
from accounts.pages.queue_rows import Frame
from accounts.pages.what_if import WhatIf
from accounts.policy_days import with_adopted
from tamdash.templatetags.tamdash import day, moment, signed, span, when

MOST_EVENTS = 100
MOST_EARLIER = 5
MOST_NAMED = 3  # actions of the shortest path in the sentence; more are counted
Kind = EscalationEvent.Kind
ICON = {
    Kind.ACKNOWLEDGED: "check",
    Kind.ASSIGNED: "user",
    Kind.MUTED: "clock",
    Kind.UNMUTED: "clock",
    Kind.COMMENTED: "chat",
    Kind.RESOLVED: "check",
    Kind.RECOVERED: "up",
    Kind.WORSENED: "down",
}
MARK = {"delivered": ("ok", "check"), "failed": ("bad", "warn"), "pending": ("", "clock"), "sending": ("", "sync"), "skipped": ("", "flat")}


class Delivered(NamedTuple):
    """A message in words: over which channel, to whom, what came of it."""

    chan: SafeString
    name: str
    words: str
    css: str
    icon: str
    state: str


@dataclass(frozen=True)
class Detail:
    escalation: Escalation
    row: Row
    frame: Frame

    @cached_property
    def page(self) -> Overview:
        accounts = with_adopted(Account.objects.select_related("tenant", "owner", "health", "heartbeat"))
        return Overview(accounts.get(pk=self.escalation.account_id), self.frame.desk.now)

    @property
    def clock(self) -> SafeString:
        return queue_rows.clock(self.row, self.frame)

    @property
    def is_over(self) -> bool:
        """Nothing more is to come of it: it is resolved, or no scan looks at the account any more."""
        return self.escalation.status == Escalation.Status.RESOLVED or not self.escalation.account.is_active

    @property
    def lead(self) -> str:
        """How it ended, if it did, and why people are needed."""
        escalation, row, now = self.escalation, self.row, self.frame.desk.now
        if not row.has_worsened:
            return f"{self.ending}{escalation.get_reason_display()} at {row.score}."
        how = "raised" if row.reason == Escalation.Reason.BY_HAND else "opened"
        turned = f" {when(row.turned_at, now)}" if row.turned_at else ""
        return f"{self.ending}Turned Red{turned}, {how} {row.rag} at {row.score} on {on(row.opened_at, now)}{self.again}."

    @property
    def again(self) -> str:
        """That who acknowledged it did so before it turned Red."""
        turned = self.row.turned_at
        taken = [event.at for event, *_ in self.events if event.kind == Kind.ACKNOWLEDGED and turned and event.at < turned]
        if not taken or self.row.status != Escalation.Status.OPEN:
            return ""
        return f"; acknowledged {on(taken[0], self.frame.desk.now)}, to be acknowledged again"

    @property
    def ending(self) -> str:
        """“Resolved by Ingrid Solberg, today 02:10: Fix shipped. ”; empty while it is unresolved."""
        row, ended = self.row, when(self.row.resolved_at, self.frame.desk.now)
        if row.status != Escalation.Status.RESOLVED:
            return ""
        last = next((event for event, *_ in self.events if event.kind == Kind.RESOLVED), None)
        if row.recovered or last is None:
            return f"{'Recovered' if row.recovered else 'Resolved'} {ended}. "
        note = f": {last.note}" if last.note else ""
        return f"Resolved by {last.actor or 'somebody'}, {ended}{note}".rstrip(".") + ". "

    @property
    def is_muted(self) -> bool:
        return self.escalation.is_muted(self.frame.desk.now) and self.escalation.status != Escalation.Status.RESOLVED

    @cached_property
    def shortest(self) -> str:
        """“resolve JIRA-1042 and JIRA-748, +40”; empty where the account is Green, or nothing would make it Green."""
        what_if = WhatIf(self.page)
        tickets = [str(choice.ticket) for choice in what_if.on_path if choice.ticket]
        named = tickets[:MOST_NAMED] + ([f"{len(tickets) - MOST_NAMED} more"] if len(tickets) > MOST_NAMED else [])
        actions = [f"resolve {' and '.join([', '.join(named[:-1]), named[-1]] if named[1:] else named)}"] if named else []
        if len(tickets) < len(what_if.on_path):
            actions.append("restore the heartbeat")
        return f"{' and '.join(actions)}, {signed(what_if.path.score - what_if.path.before)}" if actions else ""

    @cached_property
    def notifications(self) -> list[Notification]:
        found = Notification.objects.filter(escalation=self.escalation).select_related("recipient")
        order = list(queue_rows.CHANNEL_ICON)
        return sorted(found.order_by("id")[:MOST_EVENTS], key=lambda row: order.index(row.channel))

    def delivery(self) -> Iterator[Delivered]:
        for row in self.notifications:
            css, glyph = MARK[row.status]
            state = queue_rows.STATE_OF[row.status]
            name = f"{row.get_channel_display()}{f', {row.recipient}' if row.recipient else ''}"
            yield Delivered(queue_rows.channel_mark(row.channel, state), name, self.told(row), css, glyph, row.get_status_display())

    def told(self, row: Notification) -> str:
        """When, where and why, as far as each is known."""
        now = self.frame.desk.now
        parts = ["" if row.kind == Notification.Kind.OPENED else row.get_kind_display()]
        parts += [when(row.delivered_at, now) if row.delivered_at else "", row.detail, row.error]
        if row.carried_by_id:
            parts.append("with others in one digest")
        if row.attempts > 1:
            parts.append(f"{row.attempts} attempts")
        if row.status == Notification.Status.PENDING and row.next_try_at > now:
            parts.append(f"next try {when(row.next_try_at, now)}")
        return ", ".join(part.removesuffix(".") for part in parts if part)

    @cached_property
    def can_be_retried(self) -> bool:
        return bool(worth_another_try(self.escalation.tenant, self.notifications))

    @cached_property
    def drafts(self) -> list[tuple[Any, str, str]]:
        """The drafts for this escalation, through the relation that the communications app adds, each with icon and word."""
        only = ("id", "escalation", "status", "communication_type", "version", "failure")
        found = self.escalation.communications.only(*only).order_by("-id")[:5]
        return [(draft, queue_rows.DRAFT_ICON[draft.status], draft.get_status_display()) for draft in found]

    @property
    def no_draft(self) -> str:
        """Why there is none, and whether one is to come."""
        tenant, now = self.escalation.tenant, self.frame.desk.now
        if not self.escalation.account.is_active:
            return "No outreach drafted."
        return (
            outreach.why_none(self.escalation, tenant.config.outreach_per_day, outreach.left_today(tenant, now), now)
            or "No outreach drafted."
        )

    @cached_property
    def events(self) -> list[tuple[EscalationEvent, str, str]]:
        """The latest first, each with icon and words."""
        found = self.escalation.events.select_related("actor").order_by("-at", "-id")[:MOST_EVENTS]
        return [(event, ICON.get(Kind(event.kind), "flag"), in_words(event)) for event in found]

    @cached_property
    def earlier(self) -> list[tuple[Escalation, str]]:
        """Those of the account before this one, with how long they took."""
        before = Escalation.objects.filter(account=self.escalation.account_id, status="resolved", opened_at__lt=self.escalation.opened_at)
        found = before.order_by("-opened_at", "-id")[:MOST_EARLIER]
        return [(each, span((each.resolved_at - each.opened_at).total_seconds() / 86400)) for each in found if each.resolved_at]

    @property
    def due(self) -> str:
        return moment(self.escalation.due_at, self.frame.desk.now)


def on(at: datetime, now: datetime) -> str:
    return day(localdate(at), localdate(now))


def in_words(event: EscalationEvent) -> str:
    note, by = event.note, f" by {event.actor}" if event.actor else ""
    scored = f": {event.score} {event.rag}" if event.score is not None else ""
    match event.kind:
        case Kind.OPENED if event.actor:
            return f"Raised{by}{scored}{f'. {note}' if note else ''}"
        case Kind.ASSIGNED:
            return f"Assigned {note[:1].lower()}{note[1:]}{by}"
        case Kind.MUTED:
            return f"Muted{by}. {note}"
        case Kind.COMMENTED:
            return f"{event.actor}: {note}"
        case _:
            return f"{event.get_kind_display()}{by}{scored}{f': {note}' if note else ''}"
