"""Whether tamdash itself does its work: the latest scans, and what became of messages on each channel."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from accounts.models import ScanRun, User
from accounts.models.notification import Channel
from accounts.notifications.outbox import NOT_SET_UP
from accounts.pages.reports import FEW_ROWS

RUNS = 30
LATELY = timedelta(days=7)
STILL_RUNNING = timedelta(minutes=10)  # a scan of a million accounts takes seconds


@dataclass(frozen=True)
class Run:
    scan: ScanRun
    state: str  # "done", "failed", "running" or "unfinished"

    @property
    def took(self) -> str:
        """`0.4 s`, `3 min`; empty where it has not ended."""
        if self.scan.finished_at is None:
            return ""
        seconds = (self.scan.finished_at - self.scan.started_at).total_seconds()
        if seconds < 0.1:
            return "under 0.1 s"
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


@dataclass(frozen=True)
class Running:
    runs: list[Run]  # the latest first
    shown: list[Run]  # of them
    channels: list["ChannelNews"]  # every one, whether it was used lately or not
    days: int = LATELY.days  # that `channels` is about

    @property
    def done(self) -> int:
        return sum(run.state == "done" for run in self.runs)

    @property
    def failed(self) -> int:
        return sum(run.state == "failed" for run in self.runs)

    @property
    def unfinished(self) -> int:
        return sum(run.state == "unfinished" for run in self.runs)


def running(user: User, now: datetime, most: int = FEW_ROWS) -> Running:
    runs = scan_runs(user, now)
    return Running(runs, runs[:most], channels(user, now))


def scan_runs(user: User, now: datetime) -> list[Run]:
    rows = ScanRun.objects.visible_to(user).select_related("account", "requested_by").order_by("-at", "-pk")[:RUNS]
    return [Run(row, state(row, now)) for row in rows]


def state(run: ScanRun, now: datetime) -> str:
    if run.finished_at:
        return "done"
    if run.error:
        return "failed"
    return "running" if run.started_at > now - STILL_RUNNING else "unfinished"


@dataclass(frozen=True)
class ChannelNews:
    """Messages of a channel; those that a digest carries are not counted beside it."""

    label: str
    delivered: int = 0
    failed: int = 0
    skipped: int = 0
    waiting: int = 0
    delivered_at: datetime | None = None
    tried_at: datetime | None = None  # when the latest that did not arrive was last tried
    error: str = ""  # of that one; else why the latest was skipped

    @property
    def is_not_set_up(self) -> bool:
        return self.error == NOT_SET_UP

    @property
    def is_failing(self) -> bool:
        """Nothing has arrived since the last fault."""
        return self.tried_at is not None and (self.delivered_at is None or self.delivered_at < self.tried_at)


# What failed tells more than what was skipped on purpose.
CHANNELS = """
SELECT channel, count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status = 'failed'),
    count(*) FILTER (WHERE status = 'skipped'), count(*) FILTER (WHERE status IN ('pending', 'sending')),
    max(delivered_at), max(claimed_at) FILTER (WHERE error <> '' AND status <> 'skipped'),
    coalesce((array_agg(error ORDER BY claimed_at DESC NULLS LAST, id DESC) FILTER (WHERE error <> '' AND status <> 'skipped'))[1],
        (array_agg(error ORDER BY id DESC) FILTER (WHERE error <> ''))[1], '')
FROM accounts_notification WHERE tenant_id = %s AND created_at >= %s AND carried_by_id IS NULL GROUP BY channel"""


def channels(user: User, now: datetime) -> list[ChannelNews]:
    with connection.cursor() as cursor:
        cursor.execute(CHANNELS, [user.tenant_id, now - LATELY])
        found = {channel: figures for channel, *figures in cursor.fetchall()}
    return [ChannelNews(str(channel.label), *found.get(channel.value, ())) for channel in Channel]
