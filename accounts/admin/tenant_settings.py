"""A tenant's settings as fields of a form, made from `TenantSettings`; the database holds what differs from the defaults."""

from datetime import date, time
from typing import Any

from annotated_types import Ge, Le, MaxLen
from django import forms
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from accounts.models.people import WEEKDAYS, TenantSettings, WorkingHours

PLAIN = (
    "currency",
    "red_due_hours",
    "amber_due_hours",
    "outreach_per_day",
    "checkin_every_months",
    "review_every_months",
    "quiet_days",
    "model_tokens_per_month",
    "model_cost_per_month",
    "model_drafts_per_hour",
    "tickets_stale_after_hours",
    "reporting_within_hours",
    "heartbeats_stale_after_hours",
)
WORKING = ("working_days", "working_from", "working_until", "closed_on")


def plain(name: str, label: str, text: str = "") -> forms.Field:
    """A number or a word, with the limits that `TenantSettings` sets."""
    setting = TenantSettings.model_fields[name]
    hint = f"{text} Default: {setting.default}.".strip()
    if setting.annotation is int:
        low, high = limit(setting, Ge, "ge"), limit(setting, Le, "le")
        return forms.IntegerField(label=label, min_value=low, max_value=high, help_text=hint)
    return forms.CharField(label=label, max_length=limit(setting, MaxLen, "max_length"), help_text=hint)


def limit(setting: FieldInfo, kind: type, name: str) -> int | None:
    return next((int(getattr(each, name)) for each in setting.metadata if isinstance(each, kind)), None)


class SettingsFields(forms.Form):
    currency = plain("currency", "Currency sign")
    red_due_hours = plain("red_due_hours", "Hours to acknowledge Red")
    amber_due_hours = plain("amber_due_hours", "Hours to acknowledge Amber")
    outreach_per_day = plain("outreach_per_day", "Outreach drafts a day", "Written for escalations without being asked for.")
    checkin_every_months = plain("checkin_every_months", "Check-in every, months", "0: none. An account may have an interval of its own.")
    review_every_months = plain("review_every_months", "Review every, months", "0: none. An account may have an interval of its own.")
    quiet_days = plain("quiet_days", "Quiet days", "No scheduled draft where something was sent within so many days.")
    model_tokens_per_month = plain("model_tokens_per_month", "Model's tokens a month", "Then the offline composer writes. 0: no model.")
    model_cost_per_month = plain("model_cost_per_month", "Model's cost a month", "In the currency of the prices per token. 0: no limit.")
    model_drafts_per_hour = plain("model_drafts_per_hour", "Model's texts an hour", "For one person; a release's drafts do not count.")
    tickets_stale_after_hours = plain("tickets_stale_after_hours", "Tickets are stale after hours")
    reporting_within_hours = plain(
        "reporting_within_hours", "Heartbeats go on, hours", "A heartbeat this recent is expected to be followed by more."
    )
    heartbeats_stale_after_hours = plain("heartbeats_stale_after_hours", "Heartbeats are stale after hours")
    working_days = forms.MultipleChoiceField(
        choices=[(day, day) for day in WEEKDAYS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="The hours to acknowledge are counted on these days. None ticked: around the clock.",
    )
    working_from = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    working_until = forms.TimeField(
        required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), help_text="00:00 is midnight."
    )
    closed_on = forms.CharField(
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Public holidays such as 2026-12-25, one a line.",
    )


def initial(stored: TenantSettings) -> dict[str, Any]:
    working = stored.working_hours or WorkingHours()
    return {name: getattr(stored, name) for name in PLAIN} | {
        "working_days": working.days if stored.working_hours else [],
        "working_from": working.start,
        "working_until": working.end,
        "closed_on": "\n".join(map(str, working.closed_on)),
    }


def settings_from(given: dict[str, Any]) -> dict[str, Any]:
    """What is to be stored. Raises ValueError with what to mend."""
    values = {name: given[name] for name in PLAIN}
    if given["working_days"]:
        values["working_hours"] = {
            "days": given["working_days"],
            "start": given["working_from"] or time(8),
            "end": time(18) if given["working_until"] is None else given["working_until"],
            "closed_on": [parsed(line) for line in given["closed_on"].split()],
        }
    try:
        return TenantSettings.model_validate(values).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as error:
        raise ValueError(" ".join(fault["msg"].removeprefix("Value error, ") for fault in error.errors())) from None


def parsed(line: str) -> date:
    try:
        return date.fromisoformat(line.strip(","))
    except ValueError:
        raise ValueError(f"“{line[:40]}” is not a date. Write it as 2026-12-25.") from None
