"""Kayako's words. A status has a type, which stands where the label is a desk's own."""

from accounts.ingest.mapping import Words

WORDS = Words(
    priorities={"urgent": 1, "critical": 1, "emergency": 1, "high": 2, "normal": 3, "medium": 3, "": 3, "none": 3, "low": 4},
    statuses={
        "new": "open",
        "open": "open",
        "in progress": "open",
        "pending": "pending",
        "on hold": "pending",
        "completed": "resolved",
        "resolved": "resolved",
        "closed": "closed",
    },
    categories={"new": False, "open": False, "pending": False, "custom": False, "completed": True, "closed": True},
    account_by=("organization", "label", "domain"),
)
