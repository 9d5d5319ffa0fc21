"""One module an outside system: its library, its timeouts and its words stay in there. Each raises ChannelError and nothing else."""

import math

from accounts.notifications.content import outside

LONGEST_WORDS = 500
LONGEST_REST = 3600.0  # seconds


class ChannelError(Exception):
    """Not delivered. The message is for people, one printable line whatever it quotes, and holds no secret.

    `permanent`: trying again cannot help. `retry_after`: seconds that the other side asked to be left alone for, an hour at most.
    """

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(outside(message, LONGEST_WORDS))
        self.permanent = permanent
        # Another system's figure: one that is no length of time is not heeded.
        makes_sense = retry_after is not None and math.isfinite(retry_after) and retry_after >= 0
        self.retry_after = min(retry_after, LONGEST_REST) if retry_after is not None and makes_sense else None
