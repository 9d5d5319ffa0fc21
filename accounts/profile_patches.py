"""What other software may say of a profile, field by field, and what is wrong with it in plain words.

The fields are those of contract 8. A field that is left out, null or empty says nothing. Every entry has its name; beside that, any of its
fields may be left out. `remove` names entries to take out, as {"integrations": ["Amber EDI"]}.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from accounts import schemas
from accounts.ingest.mapping import quoted

MOST_ENTRIES = 500  # of one field in one update
YEARS = range(1990, 2101)
PAGE_ID = re.compile("[0-9a-fA-F-]{32,36}")


def one_line(value: str) -> str:
    line = " ".join(value.split())
    if not line.isprintable():
        raise ValueError("holds a character that cannot be shown")
    return line


def plain_name(value: str) -> str:
    """It goes to customers word for word. A line that is ended is refused rather than joined: nobody's name has two."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in "<>" for character in value):
        raise ValueError("holds a line break, a control character, or one of < and >")
    return one_line(value)


def page_id(value: str) -> str:
    if value and not PAGE_ID.fullmatch(value):
        raise ValueError("must be the id of a Notion page, 32 hexadecimal digits with or without hyphens")
    return value


def some_lines(value: str) -> str:
    text = "\n".join(value.strip().splitlines())
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("holds a character that cannot be shown")
    return text


def not_empty(value: str) -> str:
    if not value:
        raise ValueError("is empty")
    return value


def day(value: str) -> str:
    """A date as the contracts have it; "unknown" and nothing stay as they are."""
    if value in ("", "unknown"):
        return ""
    try:
        if date.fromisoformat(value).year not in YEARS:
            raise ValueError
    except ValueError:
        raise ValueError("must be a date such as 2026-11-21") from None
    return value


Line = Annotated[str, AfterValidator(one_line)]
Name = Annotated[str, Field(max_length=120), AfterValidator(one_line), AfterValidator(not_empty)]
LongName = Annotated[str, Field(max_length=160), AfterValidator(one_line), AfterValidator(not_empty)]
Text = Annotated[str, Field(max_length=2000), AfterValidator(some_lines)]
Day = Annotated[str, AfterValidator(day)]


class Patch(BaseModel):
    """An entry of a profile as far as it is told. `needed` are the fields without which there can be no new one."""

    model_config = ConfigDict(extra="forbid", strict=True)
    needed: ClassVar[tuple[str, ...]] = ()

    name: Name

    def told(self) -> dict[str, Any]:
        """The fields that say something, by the name of their column."""
        return {key: value for key in self.model_fields_set - {"name"} if (value := getattr(self, key)) not in (None, "")}


class StakeholderPatch(Patch):
    needed = ("role",)

    role: Annotated[Line, Field(max_length=120)] | None = None
    technical_maturity: Literal["low", "medium", "high"] | None = None
    notes: Text | None = None


class IntegrationPatch(Patch):
    name: Name = Field(validation_alias="integration_name")
    is_active: bool | None = None
    since: Day | None = None

    def told(self) -> dict[str, Any]:
        values = super().told()
        return values | {"since": date.fromisoformat(values["since"])} if "since" in values else values


class FeaturePatch(Patch):
    name: Name = Field(validation_alias="feature_name")
    adopted: bool | None = None
    source: Literal["heartbeat", "ticket", "manual"] | None = None


class EnvironmentPatch(Patch):
    name: LongName


class OpportunityPatch(Patch):
    needed = ("description",)

    name: LongName = Field(validation_alias="opportunity_name")
    description: Text | None = None
    status: schemas.OpportunityStatus | None = None
    dispatched_to_sales: bool | None = None


class HistoryPatch(Patch):
    """A message has no name: it is known by its day, type and subject."""

    name: Annotated[str, Field(max_length=250), AfterValidator(one_line), AfterValidator(not_empty)] = Field(validation_alias="subject")
    date: Annotated[str, AfterValidator(not_empty), AfterValidator(day), AfterValidator(not_empty)]
    communication_type: schemas.CommunicationType
    outcome: Text | None = None

    def told(self) -> dict[str, Any]:
        return super().told() | {"date": date.fromisoformat(self.date)}


class AccountPatch(BaseModel):
    """What is said of the account itself."""

    model_config = ConfigDict(strict=True)

    account_name: Annotated[str, Field(max_length=120), AfterValidator(plain_name)] | None = None
    profile_page_id: Annotated[str, AfterValidator(page_id)] | None = None


PATCHES: dict[str, type[Patch]] = {
    "stakeholders": StakeholderPatch,
    "integrations": IntegrationPatch,
    "feature_adoption": FeaturePatch,
    "customer_environment": EnvironmentPatch,
    "communication_history": HistoryPatch,
    "co_dev_opportunities": OpportunityPatch,
}
OF_ACCOUNT = ("account_name", "profile_page_id")
COMPUTED = ("health_score", "health_rag", "last_health_scan")
REMOVABLE = ("integrations", "feature_adoption", "customer_environment", "co_dev_opportunities")


@dataclass
class Given:
    """What an update says, read; with all that is wrong with its form."""

    account: AccountPatch = field(default_factory=AccountPatch)
    entries: dict[str, list[Patch]] = field(default_factory=dict)
    removals: dict[str, list[str]] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)


def read(updates: object, account_id: str) -> Given:
    given = Given()
    if not isinstance(updates, Mapping):
        given.issues.append("profile_updates must be an object of fields.")
        return given
    for name in updates:
        given.issues.extend(field_issues(name, updates[name], account_id))
    try:
        given.account = AccountPatch.model_validate({name: updates[name] for name in OF_ACCOUNT if name in updates})
    except ValidationError as error:
        given.issues.extend(f"{in_words(one)}." for one in error.errors())
    for name in PATCHES:
        given.entries[name] = list(entries(name, updates.get(name), given.issues))
    read_removals(updates.get("remove"), given)
    return given


def field_issues(name: str, value: Any, account_id: str) -> Iterator[str]:
    if name == "account_id":
        if value not in (None, "", account_id):
            yield "account_id names another account; it cannot be changed."
    elif name in COMPUTED:
        if value is not None:
            yield f"{name} is computed by the scan and cannot be set."
    elif name not in (*PATCHES, *OF_ACCOUNT, "remove"):
        yield f"{shown(name)} is no field of a profile."


def entries(name: str, value: Any, issues: list[str]) -> Iterator[Patch]:
    if not is_list(name, value, issues):
        return
    seen: set[str] = set()
    for place, one in enumerate(value, 1):
        told = {"name": one} if name == "customer_environment" and not isinstance(one, Mapping) else one
        try:
            patch = PATCHES[name].model_validate(told)
        except ValidationError as error:
            issues.extend(f"{name}, entry {place}: {in_words(found)}." for found in error.errors())
            continue
        key = key_of(patch)
        if key in seen:
            issues.append(f"{name}, entry {place}: {quoted(patch.name)} stands in it twice.")
        seen.add(key)
        yield patch


def is_list(name: str, value: Any, issues: list[str]) -> bool:
    if value is None:
        return False
    if not isinstance(value, list):
        issues.append(f"{name} must be a list.")
    elif len(value) > MOST_ENTRIES:
        issues.append(f"{name} has {len(value)} entries; at most {MOST_ENTRIES} at once.")
    else:
        return True
    return False


def read_removals(value: Any, given: Given) -> None:
    if value is None:
        return
    if not isinstance(value, Mapping):
        given.issues.append('remove must be an object of lists of names, such as {"integrations": ["Amber EDI"]}.')
        return
    for name, names in value.items():
        if name not in REMOVABLE:
            given.issues.append(f"remove: nothing can be taken out of {shown(name)} from outside, only of {', '.join(REMOVABLE)}.")
        elif is_list(f"remove {name}", names, given.issues):
            given.issues.extend(f"remove {name}: every name must be text." for one in names if not isinstance(one, str))
            given.removals[name] = [" ".join(one.split()) for one in names if isinstance(one, str)]


def key_of(patch: Patch) -> str:
    """By what an entry is found again."""
    key = patch.name.casefold()
    return f"{patch.date} {patch.communication_type} {key}" if isinstance(patch, HistoryPatch) else key


WORDS = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_unicode": "holds characters that are no text",
    "bool_type": "must be true or false",
    "extra_forbidden": "is no field of it",
}


def in_words(error: ErrorDetails) -> str:
    place = shown(str(error["loc"][0])) if error["loc"] else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "value_error":
            words = str(context["error"])
        case "literal_error":
            words = f"must be {context['expected'].replace(chr(39), '')}"
        case "string_too_long":
            words = f"is longer than {context['max_length']} characters"
        case "model_type":
            return "it must be an object of fields"
        case known:
            words = WORDS.get(known, "is not valid")
    return f"{place} {words}".strip()


def shown(name: object) -> str:
    """A field's name as it was sent: it comes from outside."""
    text = "".join(character for character in str(name) if character.isprintable())
    return text if text.isidentifier() and text.isascii() and len(text) <= 60 else quoted(text)
