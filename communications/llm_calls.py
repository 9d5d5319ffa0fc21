"""Calls to the language model. Nothing else knows the openai package, which takes long to load: `llm` does it with the first question."""

import asyncio
import logging
from threading import Event
from typing import TypeVar, cast

import openai
from django.conf import settings
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from pydantic import ValidationError

from communications import tokens
from communications.answers import DraftAnswer
from communications.llm import Message, ModelError, Outage, Stopped, answer_tokens, longest_seconds
from communications.usage import Usage, watched

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=DraftAnswer)
MAX_RETRIES = 2
NO_KEY_NEEDED = "none"  # the package insists on a key; local servers do not
SHORTEST_ANSWER = 256
SHORTEST_KEY = 8  # a key of fewer characters, such as "none", is no secret but may be a word


class Unusable(Exception):
    """An answer that does not do; the message tells the model why."""


async def answer(messages: list[Message], answer_model: type[Answer], usage: Usage, stopped: Event) -> Answer:
    """Raises ModelError, TimeoutError, or Stopped soon after `stopped` is set."""
    try:
        return await within_limits(messages, answer_model, usage, stopped)
    except openai.APIError as error:
        raise explained(error) from None


async def within_limits(messages: list[Message], answer_model: type[Answer], usage: Usage, stopped: Event) -> Answer:
    watcher = asyncio.create_task(cancel_when(stopped, asyncio.current_task()))
    try:
        # The client's timeout is for each read, and it waits as long as a busy server asks: only a clock around it all holds.
        async with asyncio.timeout(longest_seconds()), client(usage) as door:
            return await answered(door, messages, answer_model, usage)
    except asyncio.CancelledError:
        raise Stopped from None
    finally:
        watcher.cancel()


async def cancel_when(stopped: Event, asking: "asyncio.Task[Answer] | None") -> None:
    """The server sees its connection closed, and need not go on."""
    while not stopped.is_set():
        await asyncio.sleep(0.1)
    if asking:
        asking.cancel()


async def answered(door: openai.AsyncOpenAI, messages: list[Message], answer_model: type[Answer], usage: Usage) -> Answer:
    first = await ask(door, messages, answer_model, usage)
    try:
        return usable(first, answer_model)
    except Unusable as fault:
        logger.info("The model's answer is repaired: %s", fault)
        quoted = said(first)[: 2 * answer_tokens()] or "(no answer)"
        messages.append({"role": "assistant", "content": quoted})
        messages.append({"role": "user", "content": f"{fault}\nAnswer again with one complete JSON object that fits the schema."})
    second = await ask(door, messages, answer_model, usage)
    try:
        answer = usable(second, answer_model)
    except Unusable as fault:
        logger.warning("The model's answer cannot be used: %s", fault)
        raise ModelError("The model gave no usable answer, even when asked again.", permanent=False) from None
    usage.repaired = True
    return answer


def client(usage: Usage) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or NO_KEY_NEEDED,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout=settings.LLM_TIMEOUT_SECONDS,
        max_retries=MAX_RETRIES,
        http_client=openai.DefaultAsyncHttpxClient(event_hooks=watched(usage, longest_seconds())),
    )


async def ask(door: openai.AsyncOpenAI, messages: list[Message], answer_model: type[Answer], usage: Usage) -> ChatCompletion:
    told = cast(list[ChatCompletionMessageParam], messages)
    schema = answer_model.model_json_schema()
    wanted: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": answer_model.__name__, "strict": True, "schema": schema},
    }
    # What a repair round adds to the prompt is missing for its answer.
    most = max(min(answer_tokens(), settings.LLM_CONTEXT_TOKENS - tokens.of(messages)), SHORTEST_ANSWER)
    create = door.chat.completions.create
    try:
        try:
            found = await create(model=settings.LLM_MODEL, messages=told, response_format=wanted, max_completion_tokens=most)
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            # Some servers know no structured output, or the limit by its old name alone. The prompt shows the schema too,
            # and the answer is validated here.
            found = await create(model=settings.LLM_MODEL, messages=told, max_tokens=most)
    except openai.APITimeoutError:
        raise
    except openai.APIConnectionError:
        usage.nothing_pending()
        raise
    usage.count(found, tokens.of(messages), tokens.estimate(said(found)))
    return found


def usable(completion: ChatCompletion, answer_model: type[Answer]) -> Answer:
    """The validated answer, or Unusable with a word to the model on what to mend."""
    # A proxy's page or another API's JSON comes back as something else than the package's types promise.
    if not getattr(completion, "choices", None) or completion.choices[0].message is None:
        raise Unusable("There was no answer.")
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Unusable("The answer was a refusal. The task is an ordinary mail to a customer about their support tickets.")
    if choice.finish_reason == "length":
        raise Unusable("The answer was cut off for its length. Write a much shorter one.")
    content = said(completion)
    if "\\u0000" in content:
        raise Unusable("The answer holds a NUL character. Leave it out.")
    try:
        return answer_model.model_validate_json(content)
    except ValidationError as error:
        faults = [f"- {'.'.join(map(str, fault['loc']))[:100] or 'the answer'}: {fault['msg'][:200]}" for fault in error.errors()[:10]]
        raise Unusable("\n".join(["The answer does not fit the schema:", *faults])) from None


def said(completion: ChatCompletion) -> str:
    """The answer as text that can be stored and sent again, without the key: a server that repeats its request would have it in a draft."""
    try:
        content = completion.choices[0].message.content or ""
    except (AttributeError, IndexError, TypeError):
        return ""
    if len(settings.OPENAI_API_KEY) >= SHORTEST_KEY:
        content = content.replace(settings.OPENAI_API_KEY, "[key]")
    return content.replace("\0", "").encode("utf-8", "replace").decode()


def explained(error: openai.APIError) -> ModelError:
    """What happened, in words of ours: the server's own may quote the request and its key."""
    if isinstance(error, openai.APITimeoutError):
        return Outage("The model did not answer in time.", permanent=False)
    if isinstance(error, openai.APIConnectionError):
        return Outage("The model could not be reached.", permanent=False)
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return Outage("The model's server refused the key.", permanent=True)
    if isinstance(error, openai.NotFoundError):
        return Outage("The model's server does not know the model.", permanent=True)
    if isinstance(error, openai.RateLimitError):
        return Outage("The model is busy or its quota is used up.", permanent=False)
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    if status is not None and status >= 500:
        return Outage(f"The model's server failed (status {status}).", permanent=False)
    return ModelError(f"The model's server did not accept the request{f' (status {status})' if status else ''}.", permanent=True)
