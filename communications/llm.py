"""The language model. Its keys appear in no message and no log."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

from django.conf import settings

from communications import tokens
from communications.answers import DraftAnswer
from communications.usage import Usage

__all__ = ["ModelError", "Outage", "Stopped", "Usage", "answer_tokens", "is_configured", "longest_seconds", "write"]

Answer = TypeVar("Answer", bound=DraftAnswer)
Message = dict[str, str]
LOOKS_EVERY = 1.0  # seconds, for whether the answer is still wanted
LONGEST_ANSWER = 16_000  # tokens, in which some models think, too


class ModelError(Exception):
    """No usable answer. The message is for people; `permanent` where asking again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent

    @property
    def advice(self) -> str:
        """What the reader of the message can do."""
        return "An admin has to mend this." if self.permanent else "Regenerate to ask it again."


class Outage(ModelError):
    """The fault is the endpoint's: it would treat the next request no better."""


class Stopped(Exception):
    """The answer was no longer wanted."""


def is_configured() -> bool:
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)


def longest_seconds() -> float:
    """How long `write` takes at most: retries, the server's wish to be asked later, and the repair round included."""
    return 2 * settings.LLM_TIMEOUT_SECONDS


def answer_tokens() -> int:
    """How long an answer may be, in tokens; the rest of the window is the prompt's."""
    return int(min(LONGEST_ANSWER, settings.LLM_CONTEXT_TOKENS // 4))


def write(
    messages: list[Message], answer_model: type[Answer], usage: Usage | None = None, is_wanted: Callable[[], bool] | None = None
) -> Answer:
    """The model's answer, valid. Raises ModelError, or Stopped soon after `is_wanted` says no.

    `usage` tells what it took, however it ended. A repair round is appended to `messages`.
    """
    from communications import llm_calls  # only workers ask, and what it loads takes half as long again as all the rest

    usage = usage or Usage()
    stopped = Event()
    try:
        # A thread of its own, as the caller's may have an event loop running already.
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(asyncio.run, llm_calls.answer(messages, answer_model, usage, stopped))
            try:
                while not wait([asked], LOOKS_EVERY).done:
                    if is_wanted and not is_wanted():
                        stopped.set()
            finally:
                stopped.set()
            return asked.result()
    except TimeoutError as error:
        raise Outage("The model did not answer in time.", permanent=False) from error
    finally:
        usage.assume_spent(tokens.of(messages), answer_tokens())
