"""Kayako's webhooks: a case as its REST API gives it, alone or under `case`, or the JSON that a trigger was given to send."""

from collections.abc import Mapping
from datetime import datetime

from accounts.sources import written
from accounts.sources.told import Told


def read(event: Mapping[str, object], received_at: datetime) -> Told:
    return written.read(event, received_at, within=("case", "conversation", "ticket", "data"), category=("status", "type"))
