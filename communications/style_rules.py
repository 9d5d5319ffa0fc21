"""House style as rules: proposed when people made the same change often enough, in force once a manager accepts them."""

import json
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Tenant, User
from communications.house_style import Replacement, replacements, specific_to
from communications.models import Communication, Generation, StyleChange, StyleRule

Status = StyleRule.Status

# Once is chance, twice may be one customer's taste: the same change in three drafts, and for more than one account, is a habit.
LEAST_DRAFTS, LEAST_ACCOUNTS = 3, 2
MOST_CHANGES = 40  # kept of one draft; one with more was written anew
MOST_ACCEPTED = 40  # each of at most 240 characters, so that the rules take no more than a tenth of a small prompt


class StyleError(Exception):
    """A step that is not possible. The message is for the person who tried it."""


# Learning


def learn(draft: Communication, written: list[str], approved: list[str]) -> None:
    """Keeps what was reworded in the model's text, in place of what an earlier approval of the draft kept. In the caller's transaction."""
    if draft.writer != Generation.Writer.MODEL:
        return
    found = set(replacements(written, approved, specific_to(draft.context))[:MOST_CHANGES])
    kept = {(change.old, change.new): change.pk for change in StyleChange.objects.filter(communication=draft)}
    StyleChange.objects.filter(pk__in=[pk for pair, pk in kept.items() if pair not in found]).delete()
    new = [StyleChange(tenant_id=draft.tenant_id, communication=draft, old=old, new=new) for old, new in sorted(found - kept.keys())]
    StyleChange.objects.bulk_create(new)
    if touched := found ^ kept.keys():
        propose(draft.tenant_id, touched)


def propose(tenant_id: int, pairs: Iterable[Replacement]) -> None:
    """Brings the counts of these changes up to date, and makes rules of those that are a habit now. A rejected one stays rejected."""
    pairs = set(pairs)
    # Two approvals at the same time would not see each other's changes, and neither would come to three.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    of_them = Q(tenant_id=tenant_id, old__in={old for old, _ in pairs}, new__in={new for _, new in pairs})
    counted = StyleChange.objects.filter(of_them).values_list("old", "new")
    counts = {
        (old, new): (drafts, accounts)
        for old, new, drafts, accounts in counted.annotate(
            drafts=Count("communication", distinct=True), accounts=Count("communication__account", distinct=True)
        )
    }
    known = {(rule.old, rule.new): rule for rule in StyleRule.objects.filter(of_them)}
    for pair in pairs & known.keys():
        known[pair].drafts = counts.get(pair, (0, 0))[0]
    StyleRule.objects.bulk_update([known[pair] for pair in pairs & known.keys()], ["drafts"])
    habits = {pair: drafts for pair, (drafts, accounts) in counts.items() if drafts >= LEAST_DRAFTS and accounts >= LEAST_ACCOUNTS}
    StyleRule.objects.bulk_create(
        StyleRule(tenant_id=tenant_id, old=old, new=new, drafts=habits[old, new]) for old, new in pairs & habits.keys() - known.keys()
    )


# Deciding


def decide(rule: StyleRule, by: User, seen: str, status: str) -> None:
    """Accepts, rejects or takes back the rule that the person saw as `seen`. Raises StyleError where somebody was faster."""
    with transaction.atomic():
        if status == Status.ACCEPTED != seen:
            leave_room(rule.tenant_id)
        by_whom = (
            {"decided_by": None, "decided_at": None} if status == Status.PROPOSED else {"decided_by": by, "decided_at": timezone.now()}
        )
        if not StyleRule.objects.filter(pk=rule.pk, status=seen).update(status=status, **by_whom):
            rule.refresh_from_db()
            raise StyleError(
                f"Nothing was done: the rule is {rule.get_status_display().lower()} by now. Look at it as it stands, then decide."
            )


def add(tenant: Tenant, by: User, old: str, new: str, communication_type: str) -> StyleRule:
    """A rule in force, by hand. Raises StyleError."""
    try:
        with transaction.atomic():
            leave_room(tenant.pk)
            values = {"communication_type": communication_type, "status": Status.ACCEPTED, "decided_by": by, "decided_at": timezone.now()}
            return StyleRule.objects.create(tenant=tenant, old=old, new=new, **values)
    except IntegrityError as error:
        there = StyleRule.objects.get(tenant=tenant, old=old, new=new)
        raise StyleError(f"Not added: this rule is {there.get_status_display().lower()} already.") from error


def reword(rule: StyleRule, by: User, seen: str, old: str, new: str, communication_type: str) -> None:
    """Accepts the rule in these words. The change that people made stays, rejected, so that it is not proposed again."""
    with transaction.atomic():
        if (old, new) == (rule.old, rule.new):
            decide(rule, by, seen, Status.ACCEPTED)
            StyleRule.objects.filter(pk=rule.pk).update(communication_type=communication_type)
        else:
            decide(rule, by, seen, Status.REJECTED)
            if not rule.drafts:
                rule.delete()
            add(rule.tenant, by, old, new, communication_type)


def leave_room(tenant_id: int) -> None:
    # One decision at a time, or two that see room for one would both go through.
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if StyleRule.objects.filter(tenant=tenant_id, status=Status.ACCEPTED).count() >= MOST_ACCEPTED:
        raise StyleError(f"Not accepted: {MOST_ACCEPTED} rules are in force, as many as a prompt has room for. Take one back first.")


# Using


def in_force(tenant_id: int, communication_type: str) -> "QuerySet[StyleRule]":
    """The accepted rules for this type of message."""
    return StyleRule.objects.filter(tenant=tenant_id, status=Status.ACCEPTED, communication_type__in=("", communication_type)).order_by(
        "pk"
    )


def instructions(tenant_id: int, communication_type: str) -> list[str]:
    """One line a rule, for a writer; the words stand in JSON strings, so that they end where they seem to."""
    return [instruction(rule.old, rule.new) for rule in in_force(tenant_id, communication_type)[:MOST_ACCEPTED]]


def instruction(old: str, new: str) -> str:
    before, after = (json.dumps(words, ensure_ascii=False) for words in (old, new))
    return f"Instead of {before} write {after}." if new else f"Leave out {before}."
