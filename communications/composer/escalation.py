"""Escalation outreach: what is open, what it means, what we propose."""

from typing import Literal

from django.utils.safestring import SafeString

from communications.answers import EscalationOutreach
from communications.composer import chosen, standing
from communications.composer.letter import greeting, signature
from communications.composer.material import Material, exact, in_words
from communications.composer.words import (
    age,
    bullets,
    clauses,
    heading,
    line,
    listed,
    moment,
    number,
    paragraph,
    quote,
    titled,
    together,
)

SHOWN = 12


def write(material: Material) -> EscalationOutreach:
    causes = standing.causes(material)
    return EscalationOutreach(
        subject=subject(material),
        body_html=together(
            greeting(material),
            opening(material, causes),
            paragraph(standing.score(material)),
            open_items(material),
            details(material),
            proposals(material),
            paragraph(standing.thread(material)),
            paragraph(chosen.question(material) if material.chosen else "When would half an hour suit you to go through this together?"),
            signature(material.given),
        ),
        tone=tone(material, causes),
        key_issues=standing.issues(material) or ["No urgent ticket, backlog or silence is on record at the moment."],
    )


def tone(material: Material, causes: list[str]) -> Literal["empathetic", "reassuring", "urgent"]:
    if (material.health and material.health.rag_status == "Red") or any(ticket.priority == "P1" for ticket in material.urgent):
        return "urgent"
    return "empathetic" if causes else "reassuring"


def subject(material: Material) -> str:
    if material.chosen:
        return chosen.subject(material)
    urgent = material.urgent
    if urgent and material.is_plain:
        more = f" and {standing.urgent_tickets(material, but=1)}" if len(urgent) > 1 else ""
        return line(f"{quote(urgent[0].subject or urgent[0].ticket_id, 60)}{more}: what we propose", 150)
    if urgent:
        return line(f"{standing.ids([ticket.ticket_id for ticket in urgent[:3]])}: where things stand and what we propose", 150)
    if material.silent_hours is not None:
        return f"No signal from your integration for {age(material.silent_hours / 24)}: what we propose"
    if material.is_busy:
        return f"Your {material.open_count} open tickets: which should come first?"
    return line(f"How are things at {material.name}?", 150)


def opening(material: Material, causes: list[str]) -> SafeString:
    if material.chosen:
        return chosen.opening(material)
    if not causes:
        return paragraph(
            "No urgent ticket of yours is open, and what we see on our side does not point to a fault at the moment.",
            "I write all the same, because I would rather ask you than guess.",
        )
    weighs = clauses(causes)
    return paragraph(
        f"I would rather you hear this from me than have to ask: {weighs}.",
        "That is longer than it should take, and I am sorry for it." if material.is_late else "",
        "Below is what we know and what we propose.",
    )


def open_items(material: Material) -> SafeString:
    """The urgent tickets and the chosen ones, in the words of those who read; and what the silence is."""
    told = material.told
    say = in_words if material.is_plain else exact
    items: list[str] = []
    for ticket in told[:SHOWN]:
        touched = [known.phrase for known in material.touched_by(ticket.subject) if known.kind != "ticket"]
        items.append(f"{say(ticket)}." + (f" It concerns {listed(touched[:3])}." if touched else ""))
    if len(told) > SHOWN:
        items.append(f"and {'at least ' if material.has_more_urgent else ''}{number(len(told) - SHOWN)} more")
    silent = material.silent_hours is not None
    if not items and not silent:
        return SafeString("")
    unknown = (
        "From our side we cannot tell why your integration fell silent: a planned pause, a change in your network "
        "or a fault of ours would look the same."
    )
    # Where no step is about the silence, the one who knows may still say.
    word = "If you paused it on purpose, a word from you is enough." if material.chosen and not material.restores_heartbeat else ""
    return together(heading("What is open"), bullets(items), paragraph(unknown, word) if silent else SafeString(""))


def details(material: Material) -> SafeString:
    """For the technical readers of a mixed group, what the plain part left out."""
    told = material.told
    if not (material.is_plain and material.specialists and (told or material.silent_hours is not None)):
        return SafeString("")
    rows = [f"{line(ticket.ticket_id)}: {ticket.priority}, {ticket.status}, opened {moment(ticket.created_at)}" for ticket in told[:SHOWN]]
    if (hours := material.silent_hours) is not None:
        rows.append(f"Heartbeat: silent for {int(hours)} hours")
    return together(heading(f"In detail, for {listed(material.specialists[:4])}"), bullets(rows))


def proposals(material: Material) -> SafeString:
    steps = chosen.steps(material) if material.chosen else standing.steps(material)
    if not steps:
        return paragraph("If something is not as it should be, tell me what and since when, and I take it from there.")
    return together(heading("What we propose"), bullets((titled(f"{step.who}:", f"{step.what}.") for step in steps), "ol"))
