"""What people type about releases and the roadmap."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db import IntegrityError, transaction

from accounts.forms import RowForm
from accounts.models import Tenant
from communications.composer.material import Kind
from communications.forms import LinesField
from communications.models import Release, RoadmapItem

MOST_LEFT_OUT = 500


class OfTenant(RowForm):
    """A row of the tenant, unique in it by one of its fields: the constraint decides, not a look beforehand."""

    unique: str
    taken: str

    def keep(self, tenant: Tenant) -> bool:
        """Saves, or says on the form that there is one of that name."""
        self.instance.tenant = tenant
        try:
            with transaction.atomic():
                self.save()
        except IntegrityError:
            self.add_error(self.unique, self.taken)
            return False
        return True


class ReleaseForm(OfTenant):
    unique = "version"
    taken = "There is a release of this version already. Edit that one."
    features = LinesField(label="New features")
    fixes = LinesField()
    breaking_changes = LinesField()
    affected_integrations = LinesField(help_text="One a line. Accounts where one is active are told.")
    affected_features = LinesField(help_text="One a line. Accounts that use one are told.")
    affected_environments = LinesField(help_text="One a line, such as “Kubernetes”, which means every version, or “Kubernetes 1.31”.")

    class Meta:
        model = Release
        fields = [
            "version",
            "released_on",
            "features",
            "fixes",
            "breaking_changes",
            "affected_integrations",
            "affected_features",
            "affected_environments",
        ]
        widgets = {"released_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def tell(self, on_record: Mapping[Kind, Sequence[str]]) -> None:
        """Says beside each list what accounts have on record: another name reaches nobody."""
        for kind, names in on_record.items():
            field = self.fields[f"affected_{kind}s"]
            if names:
                field.help_text = f"{field.help_text} On record: {', '.join(names)}."

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not any(given.get(name) for name in ("features", "fixes", "breaking_changes")):
            self.add_error("features", "The release says nothing yet. Write a feature, a fix or a breaking change.")
        return given


class RoadmapForm(OfTenant):
    unique = "title"
    taken = "There is an item of this title already. Edit that one."

    class Meta:
        model = RoadmapItem
        fields = ["title", "description", "status", "horizon"]
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"horizon": "Such as “Q1 2027”."}


class AudienceForm(forms.Form):
    """What of the audience is looked at or drafted for, from the address or the page; nonsense counts as not given."""

    why = forms.CharField(max_length=400, required=False)
    without = forms.RegexField(r"^\d{1,18}(,\d{1,18})*$", required=False)
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)
    seen = forms.CharField(max_length=16, required=False)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "AudienceForm":
        form = cls(given)
        form.is_valid()
        return form

    @property
    def only(self) -> str:
        return self.cleaned_data.get("why") or ""

    @property
    def left_out(self) -> tuple[int, ...]:
        numbers = (self.cleaned_data.get("without") or "").split(",")
        return tuple(dict.fromkeys(int(number) for number in numbers if number))[:MOST_LEFT_OUT]

    @property
    def number(self) -> int:
        return self.cleaned_data.get("page") or 1
