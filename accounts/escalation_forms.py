"""What people type about escalations."""

from datetime import datetime
from typing import Any

from django import forms

from accounts.models import Tenant
from accounts.pages import mute_times

REASON = "Say what resolved it: the next person to look will ask."


class ResolveForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": REASON})


class CommentForm(forms.Form):
    text = forms.CharField(max_length=2000, error_messages={"required": "The note is empty. Write it."})


class RaiseForm(forms.Form):
    reason = forms.CharField(max_length=2000, error_messages={"required": "Say why: the score does not know it."})


class AssignForm(forms.Form):
    """`to` is a person's id; empty for nobody."""

    to = forms.IntegerField(required=False, min_value=1, max_value=2**31)


class MuteForm(forms.Form):
    """One of the times on offer, or one that is typed."""

    until = forms.ChoiceField(
        choices=[(name, name) for name in (*mute_times.AHEAD, "typed")], error_messages={"required": "Choose until when."}
    )
    typed = forms.DateTimeField(
        required=False, error_messages={"invalid": "Write a date and a time that the clock shows, such as 2026-12-01 09:00."}
    )
    why = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("until") == "typed" and not given.get("typed") and "typed" not in self.errors:
            raise forms.ValidationError("Choose until when.")
        return given

    def moment(self, tenant: Tenant, now: datetime) -> datetime:
        chosen = self.cleaned_data["until"]
        typed: datetime = self.cleaned_data["typed"]
        return typed if chosen == "typed" else mute_times.until(chosen, tenant, now)


def first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])
