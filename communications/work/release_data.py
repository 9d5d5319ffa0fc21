"""The release that a task tells of: what software says about one becomes a release on record, which people see and publish."""

from datetime import date
from typing import Annotated, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from accounts.models import Tenant
from communications.models import Release
from communications.work.errors import CannotBeDone, Invalid
from communications.work.words import problems

MOST_LINES = 100


def readable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be shown")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), AfterValidator(readable)]
Lines = Annotated[list[Line], Field(max_length=MOST_LINES)]


class ReleaseInfo(BaseModel):
    """`release_info` of a task. What is left out is taken from the release of that version, where there is one."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), AfterValidator(readable)]
    released_on: date | None = Field(default=None, description="Empty: today.")
    features: Lines = []
    fixes: Lines = []
    breaking_changes: Lines = []
    affected_integrations: Lines = []
    affected_features: Lines = []
    affected_environments: Lines = []

    def said(self) -> dict[str, Any]:
        return self.model_dump(exclude={"version"}, exclude_unset=True, exclude_none=True)


def read(given: dict[str, Any]) -> ReleaseInfo | None:
    """None where nothing was given. Raises Invalid."""
    if not given:
        return None
    try:
        return ReleaseInfo.model_validate(given)
    except ValidationError as error:
        raise Invalid([f"release_info.{problem}" for problem in problems(error)]) from None


def release_of(tenant: Tenant, info: ReleaseInfo | None) -> Release:
    """The release on record; one of a version that is new is written down, unpublished: that is for a manager to do.

    None given: the latest that is published. Raises CannotBeDone, and Invalid where the record says something else.
    """
    if info is None:
        return latest(tenant)
    release: Release | None = Release.objects.filter(tenant=tenant, version=info.version).first()
    if release is None:
        release = write_down(tenant, info)
    differing = [name for name, value in info.said().items() if getattr(release, name) != value]
    if differing:
        raise Invalid(
            [
                f"release_info.{name}: release {release} is on record with something else. Leave it out, or have it edited."
                for name in differing
            ]
        )
    return release


def latest(tenant: Tenant) -> Release:
    release: Release | None = Release.objects.filter(tenant=tenant, is_published=True).first()
    if release is None:
        raise CannotBeDone("No release is published yet. Publish one, or say in release_info what it brings.")
    return release


def write_down(tenant: Tenant, info: ReleaseInfo) -> Release:
    if not (info.features or info.fixes or info.breaking_changes):
        raise Invalid([f"release_info: release {info.version} is not on record, and features, fixes and breaking_changes are all empty."])
    values = {"released_on": timezone.now().astimezone(tenant.zone).date()} | info.said()
    try:
        with transaction.atomic():
            return Release.objects.create(tenant=tenant, version=info.version, **values)
    except IntegrityError:  # two tasks at once tell of it
        release: Release = Release.objects.get(tenant=tenant, version=info.version)
        return release
