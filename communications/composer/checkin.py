"""The regular check-in: the thread taken up, how things are, one thing of use, one question."""

from communications.answers import HealthCheckin
from communications.composer import standing
from communications.composer.letter import greeting, signature
from communications.composer.material import Material
from communications.composer.words import age, bullets, capital, clauses, counted, line, paragraph, titled, together


def write(material: Material) -> HealthCheckin:
    causes = standing.causes(material)
    steps = (standing.steps(material) + standing.chances(material) or standing.upkeep(material))[:3]
    summary = " ".join(part for part in (standing.score(material), state(material, causes)) if part)
    return HealthCheckin(
        subject=subject(material, causes),
        body_html=together(
            greeting(material),
            paragraph(standing.thread(material)),
            paragraph(summary),
            paragraph(standing.progress(material)),
            paragraph("What I propose next:" if steps else ""),
            bullets(titled(f"{step.who}:", f"{step.what}.") for step in steps),
            paragraph(question(material, causes)),
            signature(material.given),
        ),
        health_summary=summary,
        recommendations=[line(str(step), 600) for step in steps],
    )


def subject(material: Material, causes: list[str]) -> str:
    if material.urgent:
        return line(f"{material.name}: {standing.urgent_tickets(material)} open, and what I propose", 150)
    if material.silent_hours is not None:
        return f"Is your integration paused? No signal for {age(material.silent_hours / 24)}"
    if causes:
        return f"Your {material.open_count} open tickets: which should come first?"
    if material.health is None or material.health.rag_status != "Green":
        return line(f"How are things at {material.name}?", 150)
    found = len(standing.chances(material))
    rest = f", and {counted(found, 'suggestion')}" if found else ": what should come next?"
    return line(f"All in order at {material.name}{rest}", 150)


def state(material: Material, causes: list[str]) -> str:
    """What is behind the score, or that nothing weighs on it. Says what it does not know."""
    if causes:
        # A ticket opened since the check is on the table, but not behind the score.
        is_behind = material.health and (material.is_late or not material.urgent)
        return f"{'Behind it' if is_behind else 'At the moment'}: {clauses(causes)}."
    several = material.open_count > 1
    tickets = f"{counted(material.open_count, 'ticket')} {'are' if several else 'is'} open, {'none of them' if several else 'not'} urgent"
    calm = f"{capital(tickets)}." if material.open_count else "No ticket is open."
    if material.health is None:
        return f"{calm} Your account has not had its first health check yet."
    if material.health.rag_status != "Green":
        return f"{calm} What weighed on the score at that check no longer does."
    hours = material.signal_hours
    signal = (
        f"Your integration last reported {age(hours / 24)} ago." if hours is not None else "Your integration sends us no signals so far."
    )
    return f"{calm} {signal}"


def question(material: Material, causes: list[str]) -> str:
    if len(material.urgent) > 1:
        return "Which of the urgent tickets hurts most from where you stand?"
    if material.urgent:
        return "How much does the urgent ticket hold you up from where you stand?"
    if causes:
        return "What would help you most this week?"
    return "What do you plan for the coming months that we should prepare for?"
