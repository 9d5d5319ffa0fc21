"""An outreach about the steps a rep chose to propose. What is open beside them stays named, with one step for all of it."""

from django.utils.safestring import SafeString

from communications.chosen_path import ChosenStep
from communications.composer import standing
from communications.composer.material import Material
from communications.composer.standing import Step
from communications.composer.words import age, clauses, counted, line, listed, number, paragraph, quote, silence

IN_SUBJECT = 3  # tickets named by id in a subject
SHOWN_STEPS = 12  # tickets proposed one by one


def subject(material: Material) -> str:
    tickets, hours = material.to_resolve, material.silent_hours
    if not tickets and hours is not None:
        return f"No signal from your integration for {age(hours / 24)}: what we propose"
    topics = named(material, tickets)
    if leads_with_heartbeat(material):
        topics.insert(0, "The silence of your integration")
    elif material.restores_heartbeat:
        topics.append("the silence of your integration")
    return line(f"{listed(topics)}: what we propose", 150)


def named(material: Material, tickets: list[ChosenStep]) -> list[str]:
    """The tickets as a subject names them: the first in words for those who want words, else a few by id."""
    if not tickets:
        return []
    first, several = tickets[0], len(tickets) > 1
    if material.is_plain or not several:
        reference = f" ({line(first.ticket_id, 40)})" if first.subject and not several else ""
        shown = [f"{quote(first.subject, 60)}{reference}" if first.subject else line(first.ticket_id, 40)]
    else:
        shown = [line(ticket.ticket_id, 40) for ticket in tickets[: IN_SUBJECT if len(tickets) <= IN_SUBJECT else IN_SUBJECT - 1]]
    rest = len(tickets) - len(shown)
    return [*shown, counted(rest, "more ticket")] if rest else shown


def leads_with_heartbeat(material: Material) -> bool:
    return material.chosen[0].action == "restore_heartbeat"


def opening(material: Material) -> SafeString:
    about = [about_tickets(material)] if material.to_resolve else []
    if material.restores_heartbeat:
        hours = material.silent_hours
        silent = "the silence of your integration"
        if hours is not None:
            silent = f"your integration, which has not reported to us for {silence(hours)}"
        about.insert(0 if leads_with_heartbeat(material) else 1, silent)
    return paragraph(
        f"I am writing about {', and about '.join(about)}.",
        apology(material),
        beside(material),
        "Below is what we know and what we propose.",
    )


def about_tickets(material: Material) -> str:
    """The chosen tickets, with the age of the oldest where it is on record."""
    steps, known = material.to_resolve, material.chosen_tickets
    if len(steps) == 1:
        since = f", opened {age(known[0].age_days)} ago" if known else ""
        return f"{ticket_name(steps[0], material.is_plain)}{since}"
    count = number(len(steps))
    several = f"your {count} open tickets" if len(steps) == material.open_count else f"{count} of your open tickets"
    ids = "" if material.is_plain else f" ({standing.ids([step.ticket_id for step in steps])})"
    which = "the oldest" if len(known) == len(steps) else "one of them"
    since = f", {which} opened {age(max(ticket.age_days for ticket in known))} ago" if known else ""
    return f"{several}{ids}{since}"


def ticket_name(step: ChosenStep, is_plain: bool) -> str:
    if not step.subject:
        return f"your ticket {line(step.ticket_id, 80)}"
    return f"your ticket {quote(step.subject)}" if is_plain else f"your ticket {line(step.ticket_id, 80)}, {quote(step.subject)}"


def apology(material: Material) -> str:
    """For what the mail is about, and only where it is known to be late."""
    late = [ticket for ticket in material.late if ticket in material.chosen_tickets]
    if not late:
        return ""
    if len(material.to_resolve) == 1:
        return "That ticket has been open for longer than an urgent one should be, and I am sorry for it."
    names = [quote(ticket.subject) if material.is_plain and ticket.subject else line(ticket.ticket_id, 80) for ticket in late[:3]]
    has, urgent = ("has", "an urgent ticket") if len(late) == 1 else ("have", "urgent tickets")
    more = [counted(len(late) - len(names), "more ticket")] if len(late) > len(names) else []
    return f"{listed([*names, *more])} {has} been open for longer than {urgent} should be, and I am sorry for it."


def beside(material: Material) -> str:
    """What else weighs on the account, so that nobody takes the steps for all there is."""
    found = [standing.open_urgent(material, material.urgent_beside)] if material.urgent_beside else []
    if material.silent_hours is not None and not material.restores_heartbeat:
        found.append(f"your integration has not reported to us for {silence(material.silent_hours)}")
    sentences = [f"Besides that, {clauses(found)}."] if found else []
    if material.is_busy and len(material.to_resolve) < material.open_count:
        sentences.append(f"In all, {counted(material.open_count, 'ticket')} are open.")
    return " ".join(sentences)


def steps(material: Material) -> list[Step]:
    """A proposal for each chosen action, in their order, and one for what is urgent beside them; nothing is said to be done."""
    first, rest = material.to_resolve[:1], material.to_resolve[SHOWN_STEPS:]
    proposed = []
    for step in material.chosen:
        if step.action == "restore_heartbeat":
            proposed.append(
                Step(
                    "Together", "find out why your integration fell silent, and bring its signal back; tell us if it was paused on purpose"
                )
            )
        elif step not in rest:
            name = f"{line(step.ticket_id, 80)}, {quote(step.subject)}" if step.subject else line(step.ticket_id, 80)
            how = "with our support team, with the aim of resolving it, and send you state, owner and next step in writing"
            proposed.append(Step("On our side", f"I take up {name}, {how if step in first else 'in the same way'}"))
    if rest:
        proposed.append(Step("On our side", f"I take up {standing.ids([step.ticket_id for step in rest])} in the same way"))
    return [*proposed, *step_beside(material)]


def step_beside(material: Material) -> list[Step]:
    """For the urgent tickets that no chosen step is about: word of where they stand, and no work that nobody chose."""
    others = [ticket.ticket_id for ticket in material.urgent_beside]
    if not others:
        return []
    stand = "stands" if len(others) == 1 else "stand"
    return [
        Step(
            "On our side",
            f"I also ask our support team where {standing.ids(others)} {stand}, and pass the answer on to you in writing",
        )
    ]


def question(material: Material) -> str:
    """One to close with: half an hour only for what is worth it."""
    if material.urgent or material.silent_hours is not None:
        return "When would half an hour suit you to go through this together?"
    return "Does that suit you, or should something else come first?"
