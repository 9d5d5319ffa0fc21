"""Past scores of a back-test's accounts in one statement: a byte an account, in the order of `Backtest.accounts`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from accounts import scan_sql

# 255: the account had no score, because nothing was known of it at that instant or because it is archived by now.
SCORES = """
SELECT {columns}
FROM (
    SELECT wanted.place, account.id, account.external_id,
        account.created_at <= %(known_at)s
        OR EXISTS (SELECT FROM accounts_ticket ticket WHERE ticket.account_id = account.id AND ticket.created_at <= %(known_at)s)
        OR EXISTS (SELECT FROM accounts_heartbeatday day WHERE day.account_id = account.id AND day.first_at <= %(known_at)s) AS is_known
    FROM accounts_backtest backtest
    CROSS JOIN unnest(backtest.accounts) WITH ORDINALITY AS wanted (id, place)
    LEFT JOIN accounts_account account ON account.id = wanted.id AND account.tenant_id = backtest.tenant_id
    WHERE backtest.id = %(backtest)s
) AS account
{joins}"""
COLUMN = "string_agg(set_byte('\\x00'::bytea, 0, CASE WHEN is_known THEN coalesce({name}.score, 255) ELSE 255 END), '' ORDER BY place)"
REPLAYED = "LEFT JOIN ({read}) AS {name} ON {name}.external_id = account.external_id"
STORED = "LEFT JOIN accounts_healthsnapshot stored ON stored.scan_id = %(scan)s AND stored.account_id = account.id"


def scores(replays: Iterable[str], *, stored: bool) -> str:
    """A column for each replay, whose parameters start with its name; `stored`: one more, what the scan `scan` found."""
    joins = [REPLAYED.format(name=name, read=re.sub(r"%\((\w+)\)s", rf"%({name}_\1)s", scan_sql.read(live=False))) for name in replays]
    names = [*replays, *(["stored"] if stored else [])]
    return SCORES.format(
        columns=",\n    ".join(COLUMN.format(name=name) for name in names),
        joins="\n".join([*joins, *([STORED] if stored else [])]),
    )


def parameters(replays: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The scan's own parameters of each replay, under its name."""
    return {f"{name}_{parameter}": value for name, values in replays.items() for parameter, value in values.items()}
