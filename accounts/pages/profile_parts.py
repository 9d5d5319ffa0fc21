"""The parts of a profile that people edit in place: which rows, which form, which words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts import maturity
from accounts.forms import CoDevForm, EnvironmentForm, FeatureForm, IntegrationForm, StakeholderForm
from accounts.models import Account, CoDevOpportunity, EnvironmentItem, FeatureAdoption, Integration, Stakeholder
from accounts.models.profile import AccountQuerySet


@dataclass(frozen=True)
class Part:
    slug: str
    title: str
    noun: str
    model: Any  # one of the profile's row models
    form: type[forms.ModelForm[Any]]
    empty: str

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields]

    def rows_of(self, account: Account) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.model.objects.filter(account=account)
        return rows

    def subquery(self) -> ArraySubquery:
        row = JSONObject(**{column: column for column in self.columns})
        return ArraySubquery(self.model.objects.filter(account=OuterRef("pk")).order_by(*self.model._meta.ordering).values(row=row))

    def instances(self, found: list[dict[str, Any]]) -> list[Any]:
        """Model instances from the JSON of the subquery."""
        convert = {field.attname: field.to_python for field in self.model._meta.concrete_fields}
        return [self.model(**{name: convert[name](value) for name, value in row.items()}) for row in found]


PARTS = {
    part.slug: part
    for part in (
        Part(
            "stakeholders",
            "Stakeholders",
            "stakeholder",
            Stakeholder,
            StakeholderForm,
            "Nobody yet. Drafts are addressed to who stands here.",
        ),
        Part(
            "integrations",
            "Integrations",
            "integration",
            Integration,
            IntegrationForm,
            "None yet. Release notes are matched to integrations.",
        ),
        Part("features", "Feature adoption", "feature", FeatureAdoption, FeatureForm, "None yet. Say what they use and what they don't."),
        Part(
            "environment",
            "Environment",
            "fact",
            EnvironmentItem,
            EnvironmentForm,
            "Nothing known yet, such as hosting, versions or limits.",
        ),
        Part("codev", "Co-development", "opportunity", CoDevOpportunity, CoDevForm, "None yet. A roadmap preview may surface one."),
    )
}


def with_parts(accounts: AccountQuerySet, now: datetime) -> AccountQuerySet:
    """All parts of the profile in the account's own query, as JSON: six queries fewer on a page."""
    parts = {f"{slug}_json": part.subquery() for slug, part in PARTS.items()}
    annotated: AccountQuerySet = accounts.annotate(**parts, asked_json=ArraySubquery(maturity.asked(OuterRef("pk"), now)))
    return annotated


def parts_of(account: Account) -> dict[str, list[Any]]:
    """The rows of every part of an account loaded by `with_parts()`."""
    return {slug: part.instances(getattr(account, f"{slug}_json")) for slug, part in PARTS.items()}


def offer_maturity(account: Account, stakeholders: list[Any], now: datetime) -> None:
    """Gives each the `suggestion` that its maturity may be another, or None. What is set stays as it is."""
    rows = account.asked_json if hasattr(account, "asked_json") else [one["row"] for one in maturity.asked(account, now)]
    found = maturity.suggestions(stakeholders, maturity.read(rows))
    for person in stakeholders:
        person.suggestion = found.get(person.pk)
