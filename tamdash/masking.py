"""Addresses of webhooks and pings hold a secret: what follows in a log's line is left out, also of one that was not quite right."""

import logging
import re

AFTER = re.compile(r"\b(hooks|ping)\b.+", re.IGNORECASE | re.DOTALL)


class Signals(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if AFTER.search(said):
            record.msg, record.args = AFTER.sub(r"\1/…", said), ()
        return True
