"""tamdash's own JSON, for whatever has no module here: one ticket an event.

`ticket_id`, `status`, `priority`, and, as far as they are known, `account` (an account's id), `subject`, `created_at`, `updated_at`, `closed_at`,
`deleted` or `deleted_at`, and `account_values`, an object of what else may name the account: {"organization": "Aldermoor"}.
"""

from collections.abc import Mapping
from datetime import datetime

from accounts.sources import written
from accounts.sources.told import Told


def read(event: Mapping[str, object], received_at: datetime) -> Told:
    return written.read(event, received_at, within=("ticket",))
