"""Who signs how. A token with a secret takes only what is signed with it; all comparisons take the same time whatever they find.

Jira (Cloud and Server) signs the body: `X-Hub-Signature: sha256=<hex>`. It tells no time, and sends an event again after an outage, so
there is no window; a repeat changes nothing. Zendesk signs timestamp and body: `X-Zendesk-Webhook-Signature: <base64>` beside
`X-Zendesk-Webhook-Signature-Timestamp: <ISO 8601>`. For Kayako and for feeds of one's own: `X-Hub-Signature-256: sha256=<hex>` of
timestamp, full stop and body, beside `X-Tamdash-Timestamp: <seconds since 1970>`. A timestamp counts for five minutes.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

WINDOW = 300  # seconds, on either side: clocks differ
LONGEST = 200  # characters of a header that is looked at
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Signature:
    """How a source signs. `timestamp` is empty where it signs the body alone."""

    header: str
    written: Callable[[bytes], str]
    timestamp: str = ""
    between: bytes = b""
    seconds: Callable[[str], float] = float

    def is_given(self, headers: Headers) -> bool:
        return bool(headers.get(self.header))

    def is_right(self, headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
        """Whether the body was signed with the secret, and lately where the source tells when. Without a secret nothing is."""
        told = headers.get(self.timestamp, "") if self.timestamp else ""
        if not secret or (self.timestamp and not self.is_recent(told, now)):
            return False
        signed = told.encode(errors="replace") + self.between + body
        expected = self.written(hmac.digest(secret.encode(), signed, hashlib.sha256))
        given = headers.get(self.header, "")[:LONGEST]
        return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))

    def is_recent(self, told: str, now: datetime) -> bool:
        try:
            return abs(now.timestamp() - self.seconds(told[:LONGEST])) <= WINDOW
        except (ValueError, OverflowError):
            return False


def prefixed_hex(digest: bytes) -> str:
    return f"sha256={digest.hex()}"


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def iso_seconds(told: str) -> float:
    found = datetime.fromisoformat(told)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


JIRA = Signature("X-Hub-Signature", prefixed_hex)
ZENDESK = Signature("X-Zendesk-Webhook-Signature", base64_of, timestamp="X-Zendesk-Webhook-Signature-Timestamp", seconds=iso_seconds)
OURS = Signature("X-Hub-Signature-256", prefixed_hex, timestamp="X-Tamdash-Timestamp", between=b".")
