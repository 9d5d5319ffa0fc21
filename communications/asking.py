"""One draft's turn at the model: within the budget, while its endpoint is worth asking, for as long as the text is wanted."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from django.utils import timezone

from communications import budget, circuit, llm, tokens
from communications.answers import DraftAnswer
from communications.models import Communication, ModelUse

Answer = TypeVar("Answer", bound=DraftAnswer)
Outcome = ModelUse.Outcome


def ask(draft: Communication, messages: list[llm.Message], answer_model: type[Answer], is_wanted: Callable[[], bool]) -> Answer:
    """The model's answer, entered in the ledger with what it took. Raises ModelError, or Stopped once it is not wanted."""
    turn = circuit.admit(draft.tenant.zone)
    try:
        use = budget.reserve(draft, tokens.of(messages), llm.answer_tokens(), timezone.now())
    except budget.OverBudget:
        turn.give_back()
        raise
    usage, began = llm.Usage(), monotonic()
    outcome, error = Outcome.FAILED, ""
    try:
        answer = llm.write(messages, answer_model, usage, is_wanted)
        outcome = Outcome.REPAIRED if usage.repaired else Outcome.ANSWERED
        turn.succeeded()
    except llm.Stopped:
        outcome = Outcome.STOPPED
        turn.give_back()
        raise
    except llm.ModelError as fault:
        error = str(fault)
        if isinstance(fault, llm.Outage):
            turn.failed()
        else:
            outcome = Outcome.UNUSABLE
            turn.succeeded()
        raise
    finally:
        budget.settle(use, outcome, usage, monotonic() - began, error)
    return answer
