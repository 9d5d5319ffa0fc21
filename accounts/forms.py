"""What people type on the account side."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.backtest import MOST_DAYS as MOST_REPLAYED
from accounts.models import (
    CoDevOpportunity,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    Opinion,
    Stakeholder,
    User,
)
from accounts.notifications import recipients
from accounts.opinions import MOST_DAYS
from accounts.pages.portfolio import SORTS, TIERS, Filters, chosen_owner

VIEWS = ("tiles", "timeline", "table", "plan")
GROUPS = {"owner": "Owner", "tier": "Tier", "none": "None"}
TURNS = {"1": "1 day", "3": "3 days", "7": "7 days", "14": "14 days"}  # projected Red within
STATES = ("Red", "Amber", "Green", "unscanned")


class PortfolioForm(forms.Form):
    """The portfolio's state, read from the URL. A value that makes no sense falls back to the default: a link never fails."""

    view = forms.ChoiceField(choices=[(view, view) for view in VIEWS], required=False)
    group = forms.ChoiceField(choices=list(GROUPS.items()), required=False)
    sort = forms.ChoiceField(choices=[(name, sort.label) for name, sort in SORTS.items()], required=False)
    rag = forms.MultipleChoiceField(choices=[(state, state) for state in STATES], required=False)
    owner = forms.CharField(max_length=20, required=False)
    tier = forms.ChoiceField(choices=[(tier, tier.title()) for tier in TIERS], required=False)
    region = forms.CharField(max_length=40, required=False)
    q = forms.CharField(max_length=120, required=False)
    turns = forms.ChoiceField(choices=list(TURNS.items()), required=False)
    after = forms.CharField(max_length=250, required=False)


@dataclass(frozen=True)
class PortfolioState:
    """What the page shows: the form's values, with this person's defaults for what the URL leaves open."""

    view: str
    group: str
    sort: str
    filters: Filters
    after: str

    @classmethod
    def read(cls, query: QueryDict, user: User, owners: dict[int, str]) -> "PortfolioState":
        form = PortfolioForm(query)
        form.is_valid()
        given = form.cleaned_data
        view = given.get("view") or "tiles"
        owner = chosen_owner(given.get("owner") or "", user, owners, also=("all", "none"))
        return cls(
            view=view,
            group=given.get("group") or ("owner" if owner == "all" else "none"),
            # In a book of one's own the worst comes first; in the whole portfolio the largest.
            sort=given.get("sort") or ("size" if view == "tiles" and owner == "all" else "risk"),
            filters=Filters(
                owner=owner,
                rag=tuple(given.get("rag") or ()),
                tier=given.get("tier") or "",
                region=given.get("region") or "",
                q=(given.get("q") or "").strip(),
                turns=int(given["turns"]) if given.get("turns") else None,
            ),
            after=given.get("after") or "",
        )


class RowForm(forms.ModelForm[Any]):
    """A form whose words say which field is empty, and marks what is wrong for those who do not see it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = f"{field.label} is empty. Write it."


class StakeholderForm(RowForm):
    class Meta:
        model = Stakeholder
        fields = ["name", "role", "email", "technical_maturity", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3})}

    def clean_email(self) -> str:
        """No colleague's address: nobody is told anything whose address is a customer's."""
        given: str = self.cleaned_data["email"]
        if person := recipients.person_at(given, self.instance.account):
            raise forms.ValidationError(
                f"This is the address of {person}, a colleague, who would get no alerts any more. Enter the customer's."
            )
        return given


class IntegrationForm(RowForm):
    class Meta:
        model = Integration
        fields = ["name", "is_active", "since"]
        widgets = {"since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class TakenOver(RowForm):
    """A row that heartbeats brought is a person's from the first edit on, and stays as they set it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.source == "heartbeat" and self.fields:
            next(iter(self.fields.values())).help_text = "It came by heartbeat. Once you save it, heartbeats no longer change it."

    def save(self, commit: bool = True) -> Any:
        self.instance.source = "manual"
        return super().save(commit)


class FeatureForm(TakenOver):
    class Meta:
        model = FeatureAdoption
        fields = ["name", "adopted"]
        labels = {"adopted": "In use"}


class EnvironmentForm(TakenOver):
    class Meta:
        model = EnvironmentItem
        fields = ["name"]
        labels = {"name": "Fact"}


class CoDevForm(RowForm):
    class Meta:
        model = CoDevOpportunity
        fields = ["name", "description", "status", "dispatched_to_sales"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


MOST_MONTHS = 24
WHOLE_MONTHS = dict.fromkeys(
    ("invalid", "min_value", "max_value"), f"Nothing was changed: write a whole number of months, 0 to {MOST_MONTHS}, or leave it empty."
)


class RhythmForm(forms.Form):
    """How often an account is drafted for by the calendar; empty: as the tenant's settings say."""

    checkin_every_months = forms.IntegerField(min_value=0, max_value=MOST_MONTHS, required=False, error_messages=WHOLE_MONTHS)
    review_every_months = forms.IntegerField(min_value=0, max_value=MOST_MONTHS, required=False, error_messages=WHOLE_MONTHS)


class OpinionForm(forms.Form):
    """A view of an account that is not the score's."""

    view = forms.ChoiceField(
        label="Your view",
        choices=Opinion.View.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the three views.", "invalid_choice": "Choose one of the three views."},
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why: the score cannot know it."},
    )
    days = forms.IntegerField(
        label="Days it holds",
        min_value=1,
        max_value=MOST_DAYS,
        initial=14,
        error_messages={"required": f"Say how long, from 1 to {MOST_DAYS} days.", "invalid": f"A number of days, from 1 to {MOST_DAYS}."},
    )


class BacktestForm(forms.Form):
    days = forms.IntegerField(
        min_value=1,
        max_value=MOST_REPLAYED,
        error_messages={
            "required": f"Say how many days, 1 to {MOST_REPLAYED}.",
            "invalid": f"Write a whole number of days, 1 to {MOST_REPLAYED}.",
            "min_value": f"At least 1 day, at most {MOST_REPLAYED}.",
            "max_value": f"At least 1 day, at most {MOST_REPLAYED}.",
        },
    )
