"""What asking a model took: counted from its server's own figures, and estimated on the safe side where there are none."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from tamdash import retry_after

MOST_BELIEVED = 10_000_000  # tokens for one answer; a figure above is a fault of the server's


class Response(Protocol):
    """As much of the HTTP client's response as is looked at here."""

    headers: "Headers"

    @property
    def is_error(self) -> bool: ...


class Headers(Protocol):
    def get(self, name: str, default: str = "") -> str: ...
    def __setitem__(self, name: str, value: str) -> None: ...


@dataclass
class Usage:
    """Summed over retries and the repair round. Seconds are the caller's to measure."""

    requests: int = 0
    pending: int = 0  # sent, and not answered so far
    input_tokens: int = 0
    output_tokens: int = 0
    repaired: bool = False

    def count(self, completion: object, prompt: int, answer: int) -> None:
        """An answer came. `prompt` and `answer`: the estimates, where the server gives no figures of its own."""
        self.pending = max(self.pending - 1, 0)
        figures = getattr(completion, "usage", None)
        self.input_tokens += believed(getattr(figures, "prompt_tokens", None), prompt)
        self.output_tokens += believed(getattr(figures, "completion_tokens", None), answer)

    def nothing_pending(self) -> None:
        """The server was not reached."""
        self.pending = 0

    def assume_spent(self, prompt: int, answer: int) -> None:
        """What got no answer was stopped or timed out: the server may have written all the same, as much as it may."""
        self.input_tokens += self.pending * prompt
        self.output_tokens += self.pending * answer
        self.pending = 0


def believed(figure: object, estimate: int) -> int:
    return figure if isinstance(figure, int) and 0 <= figure <= MOST_BELIEVED else estimate


Hook = Callable[..., Awaitable[None]]


def watched(usage: Usage, seconds: float) -> Mapping[str, list[Hook]]:
    """The HTTP client's hooks: they count, and end it at once where a server asks for more patience than the `seconds` there are."""
    until = monotonic() + seconds

    async def sent(_: object) -> None:
        usage.requests += 1
        usage.pending += 1

    async def came(response: Response) -> None:
        if response.is_error:
            usage.pending -= 1
            if monotonic() + (retry_after.seconds(response.headers.get("Retry-After", "")) or 0) >= until:
                response.headers["x-should-retry"] = "false"  # what the package asks before it waits

    return {"request": [sent], "response": [came]}
