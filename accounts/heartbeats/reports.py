"""What heartbeats say of features and environment: kept where it differs from what is known, brought into the profile by `profile`."""

from tamdash.broker import tell

APPLY = "accounts.tasks.apply_heartbeat_reports"
SOON = 25.0  # seconds until the sweep comes anyway

# What came late says nothing of now if something newer differed. Where one of the two is not said, what is known of it stays.
KEEP = """
    INSERT INTO accounts_heartbeatreport AS report (account_id, features, environment, changed_at)
    SELECT account_id, features, environment, at FROM {said}
    WHERE NOT EXISTS (SELECT FROM accounts_heartbeatreport same WHERE same.account_id = said.account_id
        AND (said.features IS NULL OR same.features = said.features)
        AND (said.environment IS NULL OR same.environment = said.environment))
    ON CONFLICT (account_id) DO UPDATE SET features = coalesce(excluded.features, report.features),
        environment = coalesce(excluded.environment, report.environment), changed_at = excluded.changed_at, applied_at = NULL
    WHERE report.changed_at <= excluded.changed_at
    RETURNING account_id"""


def hint() -> None:
    """To be called after the commit of what `KEEP` wrote."""
    tell(APPLY, expires=SOON, takes_long=True)
