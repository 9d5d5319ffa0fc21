"""The customer success review: six parts, always all of them, fit for print and for a meeting."""

from django.utils.safestring import SafeString

from communications.answers import CustomerSuccessReview
from communications.composer import standing
from communications.composer.checkin import state
from communications.composer.letter import greeting, signature
from communications.composer.material import Material, exact
from communications.composer.words import (
    age,
    bullets,
    clauses,
    counted,
    heading,
    line,
    listed,
    paragraph,
    quote,
    table,
    together,
    written_date,
)

# An idea that only surfaced among us has not been told to the customer yet.
OPEN_IDEAS = {"discussed": "discussed", "in_progress": "under way"}
CHECK = standing.Step(
    "On your side", "check what we have on record above: integrations, features and people; what we send you is cut to fit them"
)


def write(material: Material) -> CustomerSuccessReview:
    health, integrations = health_overview(material), integration_summary(material)
    steps = (standing.steps(material) + standing.chances(material) + [CHECK] + standing.upkeep(material))[:5]
    return CustomerSuccessReview(
        subject=line(f"Customer success review of {material.name}, {written_date(material.as_of.date().isoformat())}", 150),
        body_html=together(
            greeting(material),
            heading("Summary"),
            paragraph(*summary(material, len(steps))),
            heading("Health"),
            paragraph(health),
            heading("Integrations and adoption"),
            paragraph(integrations),
            integration_table(material),
            heading("Open items"),
            open_items(material),
            heading("Relationship"),
            relationship(material),
            heading("Recommendations"),
            bullets((f"{step.who}: {step.what}." for step in steps), "ol"),
            paragraph("I suggest that we go through this together and agree on the recommendations. When would it suit you?"),
            signature(material.given),
        ),
        health_overview=health,
        integration_summary=line(integrations, 3000),
        open_items=[line(exact(ticket), 600) for ticket in material.tickets],
        recommendations=[line(str(step), 600) for step in steps],
    )


def summary(material: Material, recommendations: int) -> list[str]:
    causes = standing.causes(material)
    stands = f"What weighs on your account today: {clauses(causes)}." if causes else "Nothing urgent is open on your account today."
    return [stands, standing.progress(material), f"This review ends with {counted(recommendations, 'recommendation')}."]


def health_overview(material: Material) -> str:
    return f"{standing.score(material)} {state(material, standing.causes(material))}".strip()


def integration_summary(material: Material) -> str:
    rows, features = material.profile.integrations, material.profile.feature_adoption
    active = [line(row.integration_name, 80) for row in rows if row.is_active]
    resting = [line(row.integration_name, 80) for row in rows if not row.is_active]
    used = [line(row.feature_name, 80) for row in features if row.adopted]
    unused = [line(row.feature_name, 80) for row in features if not row.adopted]
    parts = [
        f"Active integrations: {listed(active)}." if active else "No active integration is on record.",
        f"Not active: {listed(resting)}." if resting else "",
        f"Features in use: {listed(used)}." if used else "No feature in use is on record.",
        f"Not used yet: {listed(unused)}." if unused else "",
        f"Environment: {listed([line(name) for name in material.profile.customer_environment])}."
        if material.profile.customer_environment
        else "",
    ]
    return " ".join(part for part in parts if part)


def integration_table(material: Material) -> SafeString:
    rows = material.profile.integrations
    if not rows:
        return SafeString("")
    cells = [
        (line(row.integration_name), "active" if row.is_active else "not active", written_date(row.since or "unknown")) for row in rows
    ]
    return table(("Integration", "State", "Since"), cells)


def open_items(material: Material) -> SafeString:
    if not material.tickets:
        return paragraph("No ticket is open or pending.")
    cells = [
        (line(row.ticket_id), row.priority, row.status, age(row.age_days), line(row.subject) or "no subject") for row in material.tickets
    ]
    left_out = material.open_count - len(material.tickets)
    more = f"The list shows the gravest {len(material.tickets)} of {material.open_count} open or pending tickets." if left_out else ""
    return together(paragraph(more), table(("Ticket", "Priority", "Status", "Age", "Subject"), cells))


def relationship(material: Material) -> SafeString:
    people = [f"{line(person.name, 80)} ({line(person.role, 80)})" for person in material.readers]
    talks = [f"{written_date(record.date)}: {quote(record.subject)}" for record in material.past[:6]]
    ideas = [
        f"{quote(idea.opportunity_name)} ({OPEN_IDEAS[idea.status]})"
        for idea in material.profile.co_dev_opportunities
        if idea.status in OPEN_IDEAS
    ]
    return together(
        paragraph(f"Our contacts: {listed(people)}." if people else "No contact is on record; tell us who should receive this review."),
        paragraph("Our latest messages to you:" if talks else "No earlier message to you is on record."),
        bullets(talks),
        paragraph(f"Joint development: {listed(ideas)}." if ideas else "No joint development is under way."),
    )
