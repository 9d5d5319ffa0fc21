"""The language model. Nothing else knows the openai package; its keys appear in no message and no log."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import openai
from django.conf import settings
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema
from pydantic import ValidationError

from communications.answers import DraftAnswer

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=DraftAnswer)
MAX_RETRIES = 2
NO_KEY_NEEDED = "none"  # the package insists on a key; local servers do not


class ModelError(Exception):
    """No usable answer. The message is for people; `permanent` where asking again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class Unusable(Exception):
    """An answer that does not do; the message tells the model why."""


def is_configured() -> bool:
    return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)


def longest_seconds() -> float:
    """How long `write` takes at most: retries, the server's wish to be asked later, and the repair round included."""
    return 2 * settings.LLM_TIMEOUT_SECONDS


def write(system: str, user: str, answer_model: type[Answer], instruction: str = "") -> Answer:
    """The model's answer, valid. Raises ModelError."""
    try:
        # A thread of its own, as the caller's may have an event loop running already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, within_limits(conversation(system, user, instruction), answer_model)).result()
    except TimeoutError as error:
        raise ModelError("The model did not answer in time.", permanent=False) from error
    except openai.APIError as error:
        raise explained(error) from None


def conversation(system: str, user: str, instruction: str) -> list[ChatCompletionMessageParam]:
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    if instruction:
        wish = f"The representative adds, for this draft: {instruction}\nFollow it as far as the rules above and the data allow."
        messages.append({"role": "user", "content": wish})
    return messages


async def within_limits(messages: list[ChatCompletionMessageParam], answer_model: type[Answer]) -> Answer:
    # The client's timeout is for each read, and it waits as long as a busy server asks: only a clock around it all holds.
    async with asyncio.timeout(longest_seconds()), client() as door:
        first = await ask(door, messages, answer_model)
        try:
            return usable(first, answer_model)
        except Unusable as fault:
            logger.info("The model's answer is repaired: %s", fault)
            messages.append({"role": "assistant", "content": said(first)})
            messages.append({"role": "user", "content": f"{fault}\nAnswer again with one complete JSON object that fits the schema."})
        second = await ask(door, messages, answer_model)
        try:
            return usable(second, answer_model)
        except Unusable as fault:
            logger.warning("The model's answer cannot be used: %s", fault)
            raise ModelError("The model gave no usable answer, even when asked again.", permanent=False) from None


def client() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=settings.OPENAI_API_KEY or NO_KEY_NEEDED,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout=settings.LLM_TIMEOUT_SECONDS,
        max_retries=MAX_RETRIES,
    )


async def ask(door: openai.AsyncOpenAI, messages: list[ChatCompletionMessageParam], answer_model: type[Answer]) -> ChatCompletion:
    schema = answer_model.model_json_schema()
    wanted: ResponseFormatJSONSchema = {
        "type": "json_schema",
        "json_schema": {"name": answer_model.__name__, "strict": True, "schema": schema},
    }
    try:
        return await door.chat.completions.create(model=settings.LLM_MODEL, messages=messages, response_format=wanted)
    except (openai.BadRequestError, openai.UnprocessableEntityError):
        # Some servers know no structured output. The prompt shows the schema too, and the answer is validated here.
        return await door.chat.completions.create(model=settings.LLM_MODEL, messages=messages)


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
    content = choice.message.content or ""
    if "\\u0000" in content:
        raise Unusable("The answer holds a NUL character. Leave it out.")
    try:
        return answer_model.model_validate_json(content)
    except ValidationError as error:
        faults = [f"- {'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in error.errors()[:10]]
        raise Unusable("\n".join(["The answer does not fit the schema:", *faults])) from None


def said(completion: ChatCompletion) -> str:
    try:
        return completion.choices[0].message.content or "(no answer)"
    except (AttributeError, IndexError, TypeError):
        return "(no answer)"


def explained(error: openai.APIError) -> ModelError:
    """What happened, in words of ours: the server's own may quote the request and its key."""
    if isinstance(error, openai.APITimeoutError):
        return ModelError("The model did not answer in time.", permanent=False)
    if isinstance(error, openai.APIConnectionError):
        return ModelError("The model could not be reached.", permanent=False)
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelError("The model's server refused the key.", permanent=True)
    if isinstance(error, openai.NotFoundError):
        return ModelError("The model's server does not know the model.", permanent=True)
    if isinstance(error, openai.RateLimitError):
        return ModelError("The model is busy or its quota is used up.", permanent=False)
    status = error.status_code if isinstance(error, openai.APIStatusError) else None
    if status is not None and status >= 500:
        return ModelError(f"The model's server failed (status {status}).", permanent=False)
    return ModelError(f"The model's server did not accept the request{f' (status {status})' if status else ''}.", permanent=True)
