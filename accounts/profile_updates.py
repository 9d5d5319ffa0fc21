"""Updates of a relationship profile by other software: merged field by field, all or nothing, each change on record.

What is said (`profile_patches`) meets the entry of that name, whatever its case; a field that is not told stays as it is. Nothing goes
but what `remove` names. What a person decided stands, and changes on the account page or in the admin alone:

- a stakeholder's maturity, once there, and role and notes, unless they are to the letter what an update wrote last;
- a feature that was set by hand, whoever says otherwise. `source` is heartbeat or ticket; software that names none counts as a ticket,
  and none sets anything by hand;
- the account's name, unless it is still the account's id, as an import left it; the Notion page, once there;
- nor does an update take out stakeholders, features set by hand or messages.

An update that would is refused as a whole, with every issue.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.ingest.mapping import quoted
from accounts.models import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    ProfileChange,
    Stakeholder,
)
from accounts.profile_patches import AccountPatch, FeaturePatch, Given, HistoryPatch, Patch, StakeholderPatch, key_of, read, shown

MODELS: dict[str, Any] = {
    "stakeholders": Stakeholder,
    "integrations": Integration,
    "feature_adoption": FeatureAdoption,
    "customer_environment": EnvironmentItem,
    "communication_history": CommunicationHistory,
    "co_dev_opportunities": CoDevOpportunity,
}
MANUAL = FeatureAdoption.Source.MANUAL
TICKET = FeatureAdoption.Source.TICKET
BY_HAND = "source manual is for people; software says heartbeat or ticket."
WRITTEN = ("role", "notes")  # of a stakeholder


class InvalidUpdates(ValueError):
    """Nothing was changed; `issues` says in plain words all that has to be."""

    def __init__(self, issues: list[str]) -> None:
        super().__init__(" ".join(issues))
        self.issues = issues


@dataclass(frozen=True)
class Change:
    """A row with its new values, not yet written, and what of it goes on record. `after` None: the row is to go."""

    part: str
    name: str
    row: models.Model
    before: Any
    after: Any
    columns: tuple[str, ...] = ()

    def write(self) -> None:
        if self.after is None:
            self.row.delete()
        elif self.row._state.adding:
            self.row.save(force_insert=True)
        else:
            self.row.save(update_fields=self.columns)


def merge(account: Account, updates: Mapping[str, Any], asked_by: str) -> None:
    """Brings the account's profile up to what is told. Raises InvalidUpdates. The same again changes nothing."""
    given = read(updates, account.external_id)
    try:
        held = merged(account, given, asked_by)
    except IntegrityError:  # a person added an entry of that name just now: it is found this time
        held = merged(account, given, asked_by)
    account.name, account.profile_page_id = held.name, held.profile_page_id


def merged(account: Account, given: Given, asked_by: str) -> Account:
    with transaction.atomic():
        # Two at once come one after the other, so that none is lost.
        held: Account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        issues = list(given.issues)
        changes = list(account_changes(held, given.account, issues))
        for part, model in MODELS.items():
            told, removed = given.entries.get(part, []), given.removals.get(part, [])
            if told or removed:
                found = {key_of_row(row): row for row in model.objects.select_for_update().filter(account=held)}
                changes += removals(part, found, removed, told, issues)
                changes += [change for patch in told if (change := entry_change(part, held, found.get(key_of(patch)), patch, issues))]
        if issues:
            raise InvalidUpdates(issues)
        for change in changes:
            change.write()
        now, by = timezone.now(), asked_by[:160]
        ProfileChange.objects.bulk_create(
            ProfileChange(account=held, at=now, asked_by=by, part=c.part, name=c.name[:160], before=c.before, after=c.after)
            for c in changes
        )
    return held


def account_changes(held: Account, told: AccountPatch, issues: list[str]) -> Iterator[Change]:
    # An import calls the account it creates by its id, and leaves the page empty.
    for part, column, unset in (("account_name", "name", held.external_id), ("profile_page_id", "profile_page_id", "")):
        before, after = getattr(held, column), getattr(told, part)
        if not after or after == before:
            continue
        if before not in ("", unset):
            issues.append(f"{part} is set already; a person changes it in the admin.")
        else:
            setattr(held, column, after)
            yield Change(part, "", held, before or None, after, (column,))


def removals(part: str, found: dict[str, Any], removed: list[str], told: list[Patch], issues: list[str]) -> Iterator[Change]:
    also_told = {key_of(patch) for patch in told}
    for name in dict.fromkeys(removed):
        row = found.get(name.casefold())
        if row is None:
            issues.append(f"remove {part}: there is no {shown(name)}.")
        elif name.casefold() in also_told:
            issues.append(f"remove {part}: {quoted(name)} is both changed and removed.")
        elif part == "feature_adoption" and row.source == MANUAL:
            issues.append(f"remove {part}: {quoted(name)} was set by hand; it is removed on the account page.")
        else:
            yield Change(part, row.name, row, as_json(told_of(row)), None)


def told_of(row: Any) -> dict[str, Any]:
    """An entry's fields as the contract has them, without its name; an item of the environment has but that."""
    if isinstance(row, EnvironmentItem):
        return {}
    return {key: value for key, value in row.contract().model_dump().items() if not key.endswith("name")}


def entry_change(part: str, held: Account, row: Any, patch: Patch, issues: list[str]) -> Change | None:
    """What the entry's row becomes; None where nothing is new, or it cannot be."""
    told = patch.told()
    if row is None:
        return new_entry(part, held, patch, told, issues)
    changed = {name: value for name, value in told.items() if getattr(row, name) != value}
    if issue := stands(row, patch, changed):
        issues.append(f"{part} {quoted(patch.name)}: {issue}")
        return None
    if isinstance(patch, FeaturePatch) and row.source == MANUAL:
        changed.pop("source", None)  # who only agrees takes nothing from the person who said it first
    elif isinstance(patch, FeaturePatch) and "adopted" in changed and not patch.source and row.source != TICKET:
        changed["source"] = TICKET
    if not changed:
        return None
    before = {name: getattr(row, name) for name in changed}
    for name, value in changed.items():
        setattr(row, name, value)
    if isinstance(row, CoDevOpportunity) and row.dispatched_to_sales and row.dispatch_at:
        row.dispatch_at = None  # sales software knows of it: it is not told again
        return Change(part, str(row), row, as_json(before), as_json(changed), (*changed, "dispatch_at"))
    return Change(part, str(row), row, as_json(before), as_json(changed), tuple(changed))


def new_entry(part: str, held: Account, patch: Patch, told: dict[str, Any], issues: list[str]) -> Change | None:
    wrong = [f"{name} is missing, and there is no such entry yet." for name in patch.needed if name not in told]
    if isinstance(patch, FeaturePatch):
        told.setdefault("source", TICKET)
        wrong += [BY_HAND] if patch.source == MANUAL else []
    if wrong:
        issues.extend(f"{part} {quoted(patch.name)}: {why}" for why in wrong)
        return None
    named = {"subject" if isinstance(patch, HistoryPatch) else "name": patch.name}
    return Change(part, patch.name, MODELS[part](account=held, **named, **told), None, as_json(told))


def stands(row: Any, patch: Patch, changed: dict[str, Any]) -> str:
    """Why what a person said stays as it is; "" where nothing is against the change."""
    if isinstance(patch, StakeholderPatch) and "technical_maturity" in changed:
        return f"technical_maturity is {row.technical_maturity} and set by the rep; leave it out, or ask them to change it."
    if isinstance(patch, StakeholderPatch) and (kept := [name for name in WRITTEN if name in changed and not is_of_software(row, name)]):
        return f"{' and '.join(kept)} {'was' if len(kept) == 1 else 'were'} written by a person; leave it out, or ask them to change it."
    if isinstance(patch, FeaturePatch) and row.source == MANUAL and "adopted" in changed:
        return "a person set it by hand, which what software says does not change."
    if isinstance(patch, FeaturePatch) and patch.source == MANUAL and changed:
        return BY_HAND
    if isinstance(patch, HistoryPatch) and "outcome" in changed and row.outcome:
        return "its outcome was noted already; it is changed on the account page."
    return ""


def is_of_software(row: Stakeholder, column: str) -> bool:
    """Whether it is empty, or what an update from outside wrote last."""
    held = getattr(row, column)
    told = ProfileChange.objects.filter(account=row.account_id, part="stakeholders", name=row.name, after__has_key=column)
    return not held or bool((last := told.first()) and last.after[column] == held)


def key_of_row(row: Any) -> str:
    if isinstance(row, CommunicationHistory):
        return f"{row.date.isoformat()} {row.communication_type} {' '.join(row.subject.split()).casefold()}"
    return str(" ".join(row.name.split()).casefold())


def as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
