"""Writing a draft: claim it, gather the data, let the model or the offline composer write, keep the text.

The model works outside any transaction. A result counts only while its claim stands: `version` has not moved since.
"""

import logging
from dataclasses import dataclass, field
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Stakeholder
from accounts.schemas import CommunicationType
from communications import asking, composer, context, conversation, drafts, llm, prompts, sanitise, style_rules
from communications.answers import ANSWERS, DraftAnswer
from communications.context import Context, NothingToWriteAbout
from communications.mailboxes.addresses import written_address
from communications.models import Communication, CommunicationRevision, Generation

logger = logging.getLogger(__name__)

Status = Communication.Status
Writer = Generation.Writer
UNEXPECTED = "An unexpected error stopped the writing. Try again; if it happens again, tell an admin."


class NotFollowed(Exception):
    """A person's wish for the present text cannot be followed. The message is for them."""


@dataclass(frozen=True)
class Written:
    """A text with its author: which model, or why the offline composer; and with exactly what that was given."""

    given: Context
    answer: DraftAnswer
    writer: str
    note: str
    messages: list[dict[str, str]] = field(default_factory=list)


def generate(draft_id: int) -> None:
    """Takes a queued draft to ready, or to failed with the reason. A draft that is not queued is left alone."""
    draft = Communication.objects.filter(pk=draft_id, status=Status.QUEUED).first()
    if draft is None or not drafts.move(draft, Status.QUEUED, Status.GENERATING, attempts=F("attempts") + 1):
        return
    claim = draft.version
    try:
        given = context.build(draft, timezone.now())
        finish(draft, write(draft, given))
    except llm.Stopped:
        logger.info("Draft %s: the model was no longer waited for, it was stopped or another attempt had taken over", draft.pk)
    except NotFollowed as reason:
        keep(draft, claim, str(reason))
    except NothingToWriteAbout as reason:
        fail(draft, claim, str(reason))
    except Exception:  # the draft ends as failed in words for people; the fault itself goes to the log
        logger.exception("Draft %s could not be written", draft.pk)
        fail(draft, claim, UNEXPECTED)


def fail(draft: Communication, claim: int, failure: str) -> None:
    """Says why, unless another attempt has taken over since the claim. The row at hand may be ahead of one that was rolled back."""
    draft.version = claim
    drafts.move(draft, Status.GENERATING, Status.FAILED, note=failure, failure=failure)


def keep(draft: Communication, claim: int, why: str) -> None:
    """Back to the text that is there, and why it was not written anew."""
    draft.version = claim
    drafts.move(draft, Status.GENERATING, Status.READY, note=why, failure=why[:300])


def write(draft: Communication, given: Context) -> Written:
    """Raises llm.Stopped where the claim is lost while the model works."""
    kind = cast(CommunicationType, draft.communication_type)
    if not llm.is_configured():
        return composed(kind, given, "No model is configured.", draft)
    claimed = Communication.objects.filter(pk=draft.pk, status=Status.GENERATING, version=draft.version)
    try:
        part, messages = conversation.fitted(kind, given, wish(draft, given))
        answer = asking.ask(draft, messages, ANSWERS[kind], is_wanted=claimed.exists)
    except llm.ModelError as error:
        return composed(kind, given, f"{error} {error.advice}".strip(), draft)
    body = sanitise.clean(answer.body_html)
    if not sanitise.to_text(body).strip():
        return composed(kind, given, "The model's text had nothing to read in it.", draft)
    signed = answer.model_copy(update={"body_html": body + composer.signature(given)})
    return Written(part, signed, Writer.MODEL, settings.LLM_MODEL, messages)


def wish(draft: Communication, given: Context) -> conversation.Wish:
    text = None
    if draft.base:
        unsigned = draft.base.body_html.removesuffix(sanitise.clean(composer.signature(given)))
        text = {"subject": draft.base.subject, "body_html": unsigned}
    rules = style_rules.instructions(draft.tenant_id, draft.communication_type)
    return conversation.Wish(rules, text, draft.instruction)


def composed(kind: CommunicationType, given: Context, why: str, draft: Communication) -> Written:
    """By the offline composer, which has room for everything that is known. Raises NotFollowed where that would cost a text."""
    if draft.instruction or draft.base:
        what = "follow an instruction" if draft.instruction else "start from an earlier version"
        why = f"{why} The offline composer cannot {what}."
        if draft.body_html:
            raise NotFollowed(why)
    return Written(given, composer.compose(kind, given), Writer.OFFLINE, why)


def finish(draft: Communication, written: Written) -> None:
    """Keeps the text, unless the claim was lost meanwhile: then another attempt has taken over and this one is dropped."""
    author = settings.LLM_MODEL if written.writer == Writer.MODEL else "the offline composer"
    text: dict[str, Any] = {
        "subject": written.answer.subject,
        "body_html": sanitise.clean(written.answer.body_html),
        "recipients": draft.recipients or recipients(draft),
    }
    with transaction.atomic():
        if not drafts.move(draft, Status.GENERATING, Status.READY, note=f"Written by {author}", **text):
            logger.info("Draft %s: a late text was dropped, it was stopped or another attempt had taken over", draft.pk)
            return
        draft.generation = Generation.objects.create(
            communication=draft,
            base=draft.base,
            instruction=draft.instruction,
            context=written.given,
            messages=written.messages,
            prompt_version=prompts.VERSION,
            prompt_hash=prompts.digest(written.messages),
            answer=written.answer.model_dump(mode="json"),
            writer=written.writer,
            writer_note=written.note[:300],
        )
        Communication.objects.filter(pk=draft.pk).update(generation=draft.generation)
        drafts.add_revision(draft, CommunicationRevision.Origin.GENERATED, note=draft.instruction)
        drafts.count_flags(draft)


def recipients(draft: Communication) -> str:
    """The stakeholders with an address, as many as fit."""
    people = Stakeholder.objects.filter(account=draft.account_id).exclude(email="").values_list("name", "email")
    line = ""
    for name, email in people:
        longer = f"{line}, {written_address(name, email)}".removeprefix(", ")
        if len(longer) <= 500:
            line = longer
    return line
