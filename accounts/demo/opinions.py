"""The demo's opinions: some that time has judged, some that stand."""

from datetime import datetime, timedelta

from accounts import opinions
from accounts.demo.calendar import Calendar
from accounts.models import HealthSnapshot, Opinion, Tenant

LOOKED_THROUGH = 60  # accounts, and every fifth gets an opinion
SAID = (
    ("worse", "Their sponsor left, and the new CIO compares offers."),
    ("better", "The tickets are from their own migration. It ends this week."),
    ("worse", "They complain on calls and open no tickets."),
    ("better", "Renewal is agreed, the paper is on its way."),
    ("as_shown", "Looked into it with them: the score has it right."),
)


def have_opinions(tenant: Tenant, calendar: Calendar) -> None:
    """Owners spoke about some accounts in the middle of the time, and about others yesterday."""
    early = calendar.first_day + timedelta(days=calendar.days // 2)
    for first, day, days in ((0, early, min(14, calendar.days // 2)), (2, calendar.today - timedelta(days=1), 21)):
        scores = HealthSnapshot.objects.filter(scan__tenant=tenant, scan__kind="daily", scan__local_date=day, score__lt=100)
        rows = scores.order_by("account__external_id").values_list("account_id", "account__owner_id", "score", "rag", "scan__at")
        chosen = list(rows[:LOOKED_THROUGH])[first::5]
        made = [
            opinion(tenant, number, at + timedelta(hours=3), days, account_id=account, author_id=owner, score=score, rag=rag)
            for number, (account, owner, score, rag, at) in enumerate(chosen)
        ]
        Opinion.objects.bulk_create(made, ignore_conflicts=True)  # in a short demo the earlier ones may still stand
        opinions.end_due(calendar.midnight)


def opinion(tenant: Tenant, number: int, at: datetime, days: int, **values: int | str) -> Opinion:
    view, reason = SAID[number % len(SAID)]
    return Opinion(tenant=tenant, view=view, reason=reason, created_at=at, expires_at=at + timedelta(days=max(days, 1)), **values)
