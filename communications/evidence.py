"""What a draft was written from, ready to be shown: its stored context and the structured part of its answer."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from communications.composer.material import Material
from communications.models import Communication, Generation

LABEL = 80  # characters
SHOWN_TICKETS = 8
POINTS = {
    "tone": "Tone",
    "key_issues": "Key issues",
    "highlighted_features": "Changes that matter",
    "relevance_notes": "Why they matter",
    "aligned_items": "Plans that fit",
    "co_dev_opportunities": "To build together",
    "health_summary": "Health in short",
    "health_overview": "Health in short",
    "integration_summary": "Integrations in short",
    "open_items": "Open items",
    "recommendations": "Recommendations",
}
LEFT_OUT = {
    "tickets": "open tickets",
    "resolved_tickets": "resolved tickets",
    "recent_communications": "past messages",
    "roadmap_items": "roadmap items",
}
# Shown in full elsewhere on the page.
ELSEWHERE = ("open_items", "relevance_notes")


@dataclass(frozen=True)
class Points:
    """One structured field of the answer: a sentence, or a list with an explanation to each item."""

    title: str
    text: str = ""
    items: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    given: dict[str, Any]
    answer: dict[str, Any]
    chosen_path: list[dict[str, Any]] = field(default_factory=list)
    generation: Generation | None = None

    @property
    def as_of(self) -> datetime | None:
        return datetime.fromisoformat(self.given["as_of"]) if "as_of" in self.given else None

    @property
    def health(self) -> dict[str, Any]:
        return self.given.get("health_score") or {}

    @property
    def silence_days(self) -> float | None:
        """As the text counts it: until `as_of`, not until the scan, which may be hours older."""
        hours = Material(self.given).signal_hours if self.as_of else self.health.get("hours_since_heartbeat")
        return None if hours is None else float(hours) / 24

    @property
    def tickets(self) -> list[dict[str, Any]]:
        return list(self.given.get("tickets", []))

    @property
    def first_tickets(self) -> list[dict[str, Any]]:
        return self.tickets[:SHOWN_TICKETS]

    @property
    def more_tickets(self) -> list[dict[str, Any]]:
        return self.tickets[SHOWN_TICKETS:]

    @property
    def ticket_count(self) -> int:
        return len(self.tickets) + int(self.given.get("tickets_left_out", 0))

    @property
    def path(self) -> list[tuple[dict[str, Any], bool]]:
        """The steps the rep chose to propose, and whether each was done before the text was written, so that it is not in it."""
        due = self.given.get("chosen_path")
        return [(step, due is not None and step not in due) for step in self.chosen_path]

    @property
    def profile(self) -> dict[str, Any]:
        return self.given.get("relationship_profile") or {}

    @property
    def setup(self) -> list[tuple[str, list[str]]]:
        """Integrations, features and environment by name, those with any."""
        integrations = self.profile.get("integrations", [])
        features = self.profile.get("feature_adoption", [])
        groups = [
            ("Integrations", [row["integration_name"] for row in integrations if row["is_active"]]),
            ("Not active", [row["integration_name"] for row in integrations if not row["is_active"]]),
            ("Features in use", [row["feature_name"] for row in features if row["adopted"]]),
            ("Not used yet", [row["feature_name"] for row in features if not row["adopted"]]),
            ("Environment", self.profile.get("customer_environment", [])),
        ]
        return [(title, names) for title, names in groups if names]

    @property
    def past(self) -> list[dict[str, Any]]:
        return [row | {"date": date.fromisoformat(row["date"])} for row in self.given.get("recent_communications", [])]

    @property
    def release(self) -> dict[str, Any]:
        return self.given.get("release_info") or {}

    @property
    def left_out(self) -> list[tuple[str, int]]:
        """What did not fit into what the model can read, by kind, with how many records of it."""
        found = self.given.get("left_out") or {}
        return [(LEFT_OUT.get(name, name.replace("_", " ")), int(count)) for name, count in found.items() if count]

    @property
    def records(self) -> list[tuple[str, list[str]]]:
        """The records of the snapshot by name, for somebody who says which one a claim rests on."""
        groups = [
            ("Open tickets", [f"{row['ticket_id']}, {row['subject']}" for row in self.tickets]),
            ("Resolved tickets", [f"{row['ticket_id']}, {row['subject']}" for row in self.given.get("resolved_tickets", [])]),
            ("Release", [f"Release {self.release['version']}"] if self.release else []),
            ("Roadmap", [str(row["title"]) for row in self.given.get("roadmap_items", [])]),
            ("Stakeholders", [f"{row['name']}, {row['role']}" for row in self.profile.get("stakeholders", [])]),
            *self.setup,
            ("Past messages", [f"{row['date']:%Y-%m-%d}, {row['subject']}" for row in self.past]),
        ]
        return [(title, [clipped(label) for label in dict.fromkeys(labels)]) for title, labels in groups if labels]

    @property
    def points(self) -> list[Points]:
        return [
            points(name, title, value, self.answer)
            for name, title in POINTS.items()
            if name not in ELSEWHERE and (value := self.answer.get(name))
        ]


def points(name: str, title: str, value: Any, answer: dict[str, Any]) -> Points:
    if isinstance(value, str):
        return Points(title, text=value)
    if name == "co_dev_opportunities":
        return Points(title, items=[(row["opportunity_name"], row["description"]) for row in value])
    notes = answer.get("relevance_notes", []) if name == "highlighted_features" else []
    return Points(title, items=[(item, notes[place] if place < len(notes) else "") for place, item in enumerate(value)])


def clipped(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1].rstrip()}…"


def of(draft: Communication, generation: Generation | None) -> Evidence:
    """What this writing of the draft was given and answered."""
    if generation is None:
        return Evidence({}, {}, draft.chosen_path)
    return Evidence(generation.context, generation.answer, draft.chosen_path, generation)
