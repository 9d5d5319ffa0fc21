"""Writing a draft: claim it, gather the data, let the model or the offline composer write, keep the text.

The model works outside any transaction. A result counts only while its claim stands: `version` has not moved since.
"""

import logging
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Stakeholder
from accounts.schemas import CommunicationType
from communications import chosen_path, composer, context, delivery, drafts, llm, prompts, sanitise
from communications.answers import ANSWERS, DraftAnswer
from communications.context import Context, NothingToWriteAbout
from communications.models import Communication, CommunicationRevision

logger = logging.getLogger(__name__)

Status = Communication.Status
Writer = Communication.Writer
UNEXPECTED = "An unexpected error stopped the writing. Try again; if it happens again, tell an admin."


@dataclass(frozen=True)
class Written:
    """A text with its author: which model, or why the offline composer."""

    answer: DraftAnswer
    writer: str
    note: str


def generate(draft_id: int) -> None:
    """Takes a queued draft to ready, or to failed with the reason. A draft that is not queued is left alone."""
    draft = Communication.objects.filter(pk=draft_id, status=Status.QUEUED).first()
    if draft is None or not drafts.move(draft, Status.QUEUED, Status.GENERATING, attempts=F("attempts") + 1):
        return
    claim = draft.version
    try:
        given = context.build(draft, timezone.now())
        finish(draft, given, write(draft, given))
    except NothingToWriteAbout as reason:
        fail(draft, claim, str(reason))
    except Exception:  # the draft ends as failed in words for people; the fault itself goes to the log
        logger.exception("Draft %s could not be written", draft.pk)
        fail(draft, claim, UNEXPECTED)


def fail(draft: Communication, claim: int, failure: str) -> None:
    """Says why, unless another attempt has taken over since the claim. The row at hand may be ahead of one that was rolled back."""
    draft.version = claim
    drafts.move(draft, Status.GENERATING, Status.FAILED, note=failure, failure=failure)


def write(draft: Communication, given: Context) -> Written:
    kind = cast(CommunicationType, draft.communication_type)
    if not llm.is_configured():
        return composed(kind, given, "No model is configured.", draft.instruction)
    try:
        answer = llm.write(prompts.TAM_SYSTEM_PROMPT, prompt(kind, given), ANSWERS[kind], draft.instruction)
    except llm.ModelError as error:
        hint = "An admin has to mend this." if error.permanent else "Regenerate to ask it again."
        return composed(kind, given, f"{error} {hint}", draft.instruction)
    body = sanitise.clean(answer.body_html)
    if not sanitise.to_text(body).strip():
        return composed(kind, given, "The model's text had nothing to read in it.", draft.instruction)
    return Written(answer.model_copy(update={"body_html": body + composer.signature(given)}), Writer.MODEL, settings.LLM_MODEL)


def composed(kind: CommunicationType, given: Context, why: str, instruction: str) -> Written:
    if instruction:
        why = f"{why} The offline composer cannot follow an instruction."
    return Written(composer.compose(kind, given), Writer.OFFLINE, why)


def prompt(kind: CommunicationType, given: Context) -> str:
    profile, score, tickets = given["relationship_profile"], given["health_score"], given["tickets"]
    match kind:
        case "escalation_outreach":
            return prompts.build_escalation_outreach_prompt(score, profile, tickets, chosen_path.for_model(given.get("chosen_path", [])))
        case "release_notes":
            return prompts.build_release_notes_prompt(given["release_info"], profile)
        case "roadmap_preview":
            return prompts.build_roadmap_preview_prompt(given["roadmap_items"], profile)
        case "health_checkin":
            return prompts.build_health_checkin_prompt(score, profile, given["recent_communications"])
        case "customer_success_review":
            return prompts.build_customer_success_review_prompt(score, profile, tickets + given["resolved_tickets"])


def finish(draft: Communication, given: Context, written: Written) -> None:
    """Keeps the text, unless the claim was lost meanwhile: then another attempt has taken over and this one is dropped."""
    changes: dict[str, Any] = {
        "subject": written.answer.subject,
        "body_html": sanitise.clean(written.answer.body_html),
        "recipients": draft.recipients or recipients(draft),
        "answer": written.answer.model_dump(mode="json"),
        "context": given,
        "writer": written.writer,
        "writer_note": written.note[:300],
    }
    author = settings.LLM_MODEL if written.writer == Writer.MODEL else "the offline composer"
    with transaction.atomic():
        if not drafts.move(draft, Status.GENERATING, Status.READY, note=f"Written by {author}", **changes):
            logger.warning("Draft %s: a late text was dropped, another attempt had taken over", draft.pk)
            return
        drafts.add_revision(draft, CommunicationRevision.Origin.GENERATED, note=draft.instruction)


def recipients(draft: Communication) -> str:
    """The stakeholders with an address, as many as fit."""
    people = Stakeholder.objects.filter(account=draft.account_id).exclude(email="").values_list("name", "email")
    line = ""
    for name, email in people:
        longer = f"{line}, {delivery.written_address(name, email)}".removeprefix(", ")
        if len(longer) <= 500:
            line = longer
    return line
