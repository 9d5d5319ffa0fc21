"""What is kept of tasks that ended, and of handoffs."""

from datetime import datetime, timedelta
from typing import Any

from communications.models import Handoff, TaskItem, TaskRun

KEPT_FOR = timedelta(days=180)
AT_ONCE = 1_000  # rows of a transaction


def prune(now: datetime) -> int:
    """Forgets tasks that ended long ago, with their accounts, and old handoffs; what is under way stays. Answers how many rows."""
    before = now - KEPT_FOR
    old = (
        TaskItem.objects.filter(run__finished_at__lt=before),  # first, as a run may have one for every account of a large tenant
        TaskRun.objects.filter(finished_at__lt=before),
        Handoff.objects.filter(created_at__lt=before),
    )
    return sum(map(forget, old))


def forget(rows: Any) -> int:
    count = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        rows.model.objects.filter(pk__in=ids).delete()
        count += len(ids)
    return count
