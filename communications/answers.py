"""What a model has to answer for each type of draft. The field descriptions are read by the model."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from accounts.schemas import CommunicationType

# OpenAI's strict json_schema mode refuses the string bounds, and compatible servers the list bounds too, so the
# schema leaves them out; validation here still applies them and the repair round reports them.
BOUNDS_REFUSED_IN_STRICT_MODE = ("minLength", "maxLength", "pattern", "minItems", "maxItems")


def _leave_bounds_out(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        for node in (field, field.get("items", {})):
            for bound in BOUNDS_REFUSED_IN_STRICT_MODE:
                node.pop(bound, None)


Point = Annotated[str, Field(min_length=1, max_length=600)]


def without_blanks(value: object) -> object:
    """Models now and then end a list with an empty entry: no reason to throw a letter away."""
    return [item for item in value if not (isinstance(item, str) and not item.strip())] if isinstance(value, list) else value


Points = Annotated[list[Point], BeforeValidator(without_blanks)]
# No line break: the subject becomes a mail header.
Subject = Annotated[str, Field(min_length=1, max_length=150, pattern=r"^[^\p{Cc}\x{2028}\x{2029}]+$")]


class StrictAnswer(BaseModel):
    """Closed and without defaults, as strict mode wants it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, json_schema_extra=_leave_bounds_out)


class DraftAnswer(StrictAnswer):
    """What every draft has."""

    subject: Subject = Field(description="Subject line of the mail: one line, specific, at most 150 characters.")
    body_html: str = Field(
        min_length=1,
        max_length=40_000,
        description="The whole mail as an HTML fragment of p, h2, h3, ul, ol, li, strong, em, a, table, thead, tbody, "
        "tr, th and td. No script, style, form or image. No placeholders, no signature.",
    )


class EscalationOutreach(DraftAnswer):
    """A mail to a customer whose health has dropped."""

    tone: Literal["empathetic", "reassuring", "confident", "urgent"] = Field(
        description="The tone the mail strikes, chosen for this situation and these readers."
    )
    key_issues: Points = Field(
        min_length=1,
        max_length=20,
        description="Each issue behind the drop, the gravest first, with its ticket id where it has one. At least one.",
    )


class ReleaseNotes(DraftAnswer):
    """Release notes cut down to what matters to one customer."""

    highlighted_features: list[Point] = Field(
        max_length=20, description="Names, as the release gives them, of the changes that matter to this account."
    )
    relevance_notes: list[Point] = Field(
        max_length=20,
        description="One for each highlighted feature, in the same order: why it matters to this account, naming the "
        "integration, feature or environment it touches.",
    )


class CoDevFind(StrictAnswer):
    """Something the customer and we could build together."""

    opportunity_name: str = Field(min_length=1, max_length=150, description="A short name, at most 150 characters.")
    description: str = Field(
        min_length=1,
        max_length=1_000,
        description="What would be built together, what the customer gains, and what in the data suggests it.",
    )


class RoadmapPreview(DraftAnswer):
    """A look ahead, ready for a quarterly business review (QBR)."""

    aligned_items: Points = Field(
        max_length=20, description="Each roadmap item that fits this customer, by its given name, and what it fits."
    )
    co_dev_opportunities: list[CoDevFind] = Field(
        max_length=20, description="Co-development opportunities the data supports; empty if it supports none."
    )


class HealthCheckin(DraftAnswer):
    """A regular check-in that is worth its reader's time."""

    health_summary: str = Field(min_length=1, max_length=2_000, description="Two to four sentences: how the account is doing and why.")
    recommendations: Points = Field(max_length=20, description="What the customer could do next, the most useful first.")


class CustomerSuccessReview(DraftAnswer):
    """A structured and complete review of the account."""

    health_overview: str = Field(min_length=1, max_length=3_000, description="Where health stands, how it moved, and what moved it.")
    integration_summary: str = Field(
        min_length=1, max_length=3_000, description="Each integration, active or not, and the adoption of features."
    )
    open_items: Points = Field(
        max_length=100, description="Each open or pending ticket: id, priority, age, subject. Empty if there is none."
    )
    recommendations: Points = Field(max_length=20, description="Concrete recommendations for the coming quarter, the most useful first.")


ANSWERS: dict[CommunicationType, type[DraftAnswer]] = {
    "escalation_outreach": EscalationOutreach,
    "release_notes": ReleaseNotes,
    "roadmap_preview": RoadmapPreview,
    "health_checkin": HealthCheckin,
    "customer_success_review": CustomerSuccessReview,
}
