"""What happens by the clock, without anybody asking: the sweeps that find what is due or was lost, and the clearing away.

One tick for all tenants, who each have a time zone of their own: what is due is a question to the database, so a missed or doubled tick
does no harm.
"""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "daily-scans": {"task": "accounts.tasks.scan_due_tenants", "schedule": 60.0, "options": {"expires": 50}},
    "waiting-drafts": {"task": "communications.tasks.sweep_waiting_drafts", "schedule": 30.0, "options": {"expires": 25}},
    "due-notifications": {"task": "accounts.tasks.sweep_notifications", "schedule": 30.0, "options": {"expires": 25}},
    "mailboxes": {"task": "communications.tasks.sweep_mailboxes", "schedule": 30.0, "options": {"expires": 25}},
    "outreach": {"task": "communications.tasks.request_outreach", "schedule": 60.0, "options": {"expires": 50}},
    "rhythm": {"task": "communications.tasks.keep_rhythm", "schedule": 60.0, "options": {"expires": 50}},
    "opportunities": {"task": "communications.tasks.tell_sales", "schedule": 30.0, "options": {"expires": 25}},
    "heartbeat-reports": {"task": "accounts.tasks.apply_heartbeat_reports", "schedule": 30.0, "options": {"expires": 25}},
    "waiting-tasks": {"task": "communications.tasks.sweep_tasks", "schedule": 30.0, "options": {"expires": 25}},
    "old-tasks": {"task": "communications.tasks.forget_old_tasks", "schedule": 3600.0, "options": {"expires": 3000}},
    "mappings": {"task": "accounts.tasks.sweep_mappings", "schedule": 60.0, "options": {"expires": 50}},
    "waiting-events": {"task": "accounts.tasks.process_events", "schedule": 15.0, "options": {"expires": 12}},
    "old-events": {"task": "accounts.tasks.forget_old_events", "schedule": crontab(minute=40, hour=2), "options": {"expires": 20_000}},
    "jira": {"task": "accounts.tasks.sweep_jira", "schedule": 30.0, "options": {"expires": 25}},
    "waiting-imports": {"task": "accounts.tasks.sweep_imports", "schedule": 30.0, "options": {"expires": 25}},
    "old-api-answers": {"task": "accounts.tasks.forget_api_answers", "schedule": 3600.0, "options": {"expires": 3000}},
    "waiting-backtests": {"task": "accounts.tasks.sweep_backtests", "schedule": 30.0, "options": {"expires": 25}},
}
