"""Where an account stands and what could come next, in the customer's terms. Every sentence follows from the data; none blames."""

from dataclasses import dataclass

from accounts.schemas import TicketSummary
from communications.composer.material import Material, waiting
from communications.composer.words import age, capital, counted, line, listed, number, quote, silence, written_date

MEANING = {"Red": "Red: we have to act now", "Amber": "Amber: it needs a closer look", "Green": "Green: in good order"}
SHOWN = 6  # tickets, features and the like named in one sentence


@dataclass(frozen=True)
class Step:
    """A proposal: who would act, on what, and how."""

    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


def ids(tickets: list[str]) -> str:
    named = [line(ticket, 80) for ticket in tickets[:SHOWN]]
    return listed(named) if len(tickets) <= SHOWN else f"{', '.join(named)} and {number(len(tickets) - SHOWN)} more"


def score(material: Material) -> str:
    """The score and its state, against the scan before, with what it is made of."""
    health = material.health
    if health is None:
        return ""
    now = f"Your health score with us stands at {health.score} of 100 ({MEANING[health.rag_status]})"
    before = health.previous_score
    if before is None:
        return f"{now}. It sums up open tickets, their age and the signals of your integration."
    state = f" ({health.previous_rag})" if health.previous_rag and health.previous_rag != health.rag_status else ""
    if before == health.score:
        return f"{now}, as at the check before."
    return f"{now}, {'down' if health.score < before else 'up'} from {before}{state} at the check before."


def urgent_tickets(material: Material, but: int = 0) -> str:
    """“two urgent tickets”; beyond the list of tickets there may be more. `but`: how many have been told, the rest is “more”."""
    few = "at least " if material.has_more_urgent else ""
    return few + counted(len(material.urgent) - but, "more urgent ticket" if but else "urgent ticket")


def open_urgent(material: Material, tickets: list[TicketSummary]) -> str:
    """That these urgent tickets are open, and for how long; they are “more” where they are not all."""
    oldest = age(max(ticket.age_days for ticket in tickets))
    which = "one of them " if material.has_more_urgent else "the oldest " if len(tickets) > 1 else ""
    count = urgent_tickets(material, but=len(material.urgent) - len(tickets))
    return f"{count} {'is' if len(tickets) == 1 else 'are'} open, {which}for {oldest}"


def causes(material: Material) -> list[str]:
    """What weighs on the account, the gravest first, each as a clause that can stand in a sentence."""
    found = []
    if material.urgent:
        found.append(open_urgent(material, material.urgent))
    if material.silent_hours is not None:
        found.append(f"your integration has not reported to us for {silence(material.silent_hours)}")
    if material.is_busy:
        found.append(f"{counted(material.open_count, 'ticket')} are open at the same time")
    return found


def issues(material: Material) -> list[str]:
    """The same, short and with ids, for the draft's structured part."""
    found = [line(f"{ticket.ticket_id} ({ticket.priority}, {waiting(ticket)}): {ticket.subject}", 500) for ticket in material.told[:15]]
    if (hours := material.silent_hours) is not None:
        found.append(f"No heartbeat for {int(hours)} hours")
    if material.is_busy:
        found.append(f"{counted(material.open_count, 'open ticket').capitalize()} at the same time")
    return found


def steps(material: Material) -> list[Step]:
    """What would mend what weighs on the account."""
    proposed = []
    if urgent := material.urgent:
        named = ids([ticket.ticket_id for ticket in urgent])
        proposed.append(
            Step("On our side", f"I go through {named} with our support team and send you state, owner and next step in writing")
        )
    if material.silent_hours is not None:
        proposed.append(
            Step("On your side", "tell us whether the integration was paused on purpose; if not, we look for the cause together")
        )
    if material.is_busy:
        proposed.append(
            Step(
                "On your side", f"name those of the {number(material.open_count)} open tickets that hold you up most, and we put them first"
            )
        )
    return proposed


def chances(material: Material) -> list[Step]:
    """What would make a good state better."""
    profile = material.profile
    resting = [line(row.integration_name, 80) for row in profile.integrations if not row.is_active]
    unused = [line(row.feature_name, 80) for row in profile.feature_adoption if not row.adopted]
    found = []
    if resting:
        found.append(Step("Together", f"decide what becomes of {ids(resting)}, set up but not active: switch on, or remove"))
    if unused:
        found.append(Step("On our side", f"a short demonstration of {ids(unused)}, which you do not use yet, if it serves you"))
    return found


def upkeep(material: Material) -> list[Step]:
    """What is worth doing in any account."""
    found = []
    if not material.profile.customer_environment:
        found.append(
            Step("On your side", "tell us what you run (platform, versions, regions), so that we warn you only of changes that touch it")
        )
    found.append(Step("Together", "agree on what the coming quarter should bring and how we will see that it did"))
    return found


def thread(material: Material) -> str:
    """The last message to this customer, of whatever type."""
    if not material.past:
        return ""
    last = material.past[0]
    # Outcomes are notes among ourselves: whether there is one may be told, its words may not.
    asks = (
        "Is anything from it still open for you?" if last.outcome else "I have no answer to it on record; is anything from it still open?"
    )
    return f"Our last message to you was {quote(last.subject)} of {written_date(last.date)}. {asks}"


def progress(material: Material) -> str:
    """What was resolved lately, if anything was."""
    if not material.resolved:
        return ""
    latest = ids([ticket.ticket_id for ticket in material.resolved[:SHOWN]])
    count = material.resolved_count
    resolved = f"{capital(counted(count, 'ticket'))} {'was' if count == 1 else 'were'} resolved in the last 90 days"
    return f"{resolved}: {latest}." if count <= SHOWN else f"{resolved}, the latest {latest}."
