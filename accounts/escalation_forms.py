"""What people type about escalations."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import Tenant, User
from accounts.pages import mute_times
from accounts.pages.portfolio import whole

NOBODY = "nobody"
NO_TIME = "Write a date and a time that the clock shows, such as 2026-12-01 09:00."
REASON = "Say what resolved it: the next person to look will ask."


class ResolveForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), error_messages={"required": REASON})


class CommentForm(forms.Form):
    text = forms.CharField(max_length=2000, error_messages={"required": "The note is empty. Write it."})


class RaiseForm(forms.Form):
    reason = forms.CharField(max_length=2000, error_messages={"required": "Say why: the score does not know it."})


class AssignForm(forms.Form):
    """Who is to deal with it: the id of somebody active in the tenant, or NOBODY, which is None."""

    to = forms.CharField(error_messages={"required": "Choose who is to deal with it."})

    def __init__(self, tenant: Tenant, data: QueryDict) -> None:
        super().__init__(data)
        self.tenant = tenant

    def clean_to(self) -> User | None:
        given = self.cleaned_data["to"]
        if given == NOBODY:
            return None
        person: User | None = User.objects.filter(tenant=self.tenant, is_active=True, pk=whole(given) or 0).first()
        if person is None:
            raise forms.ValidationError("Nobody who is active here has this number. Choose somebody of the list.")
        return person


class MuteForm(forms.Form):
    """One of the times on offer, or one that is typed."""

    until = forms.ChoiceField(
        choices=[(name, name) for name in (*mute_times.AHEAD, "typed")], error_messages={"required": "Choose until when."}
    )
    typed = forms.DateTimeField(required=False, error_messages={"invalid": NO_TIME})
    why = forms.CharField(max_length=500, required=False)

    def clean_typed(self) -> datetime | None:
        """In UTC, as PostgreSQL knows fewer offsets than Python."""
        typed: datetime | None = self.cleaned_data["typed"]
        try:
            return typed.astimezone(UTC) if typed else None
        except OverflowError as error:
            raise forms.ValidationError(NO_TIME) from error

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
