"""What `/reports/style/` shows: the rules by state, and for those to decide on how people changed the words in actual texts."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from django.db.models import F, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from communications import sanitise
from communications.forms import StyleForm
from communications.models import Approval, Communication, CommunicationRevision, StyleChange, StyleRule
from communications.style_rules import LEAST_ACCOUNTS, LEAST_DRAFTS, MOST_ACCEPTED

MOST_PROPOSED, MOST_REJECTED = 20, 100
EXAMPLES = 2  # a rule
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
MOST_SHOWN = 300  # characters of a sentence


@dataclass(frozen=True)
class Sentence:
    """Cut around the words that the rule is about; `words` is empty where they are not in it."""

    before: str
    words: str = ""
    after: str = ""


@dataclass(frozen=True)
class Example:
    draft: Communication
    written: Sentence
    approved: Sentence


@dataclass(frozen=True)
class Line:
    rule: StyleRule
    form: StyleForm  # to accept it in other words
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True)
class StylePage:
    proposed: list[Line]
    has_more: bool
    accepted: list[Line]
    rejected: list[Line]
    new: StyleForm
    least_drafts: int = LEAST_DRAFTS
    least_accounts: int = LEAST_ACCOUNTS
    most_accepted: int = MOST_ACCEPTED


def of(user: User, refused: StyleForm | None = None, refused_rule: StyleRule | None = None) -> StylePage:
    """A rep sees what is in force and nothing else. `refused`: what was typed for that rule, or for a new one."""

    def line(rule: StyleRule) -> Line:
        form = refused if refused and rule == refused_rule else StyleForm.of(rule)
        return Line(rule, form, found.get((rule.old, rule.new), []))

    rules = StyleRule.objects.visible_to(user).select_related("decided_by")
    latest = rules.order_by("-decided_at", "-pk")
    proposed = list(rules.filter(status="proposed")[: MOST_PROPOSED + 1]) if user.leads else []
    found = examples(proposed[:MOST_PROPOSED])
    return StylePage(
        proposed=[line(rule) for rule in proposed[:MOST_PROPOSED]],
        has_more=len(proposed) > MOST_PROPOSED,
        accepted=[line(rule) for rule in latest.filter(status="accepted")[:MOST_ACCEPTED]],
        rejected=[line(rule) for rule in latest.filter(status="rejected")[:MOST_REJECTED]] if user.leads else [],
        new=refused if refused and refused_rule is None else StyleForm.of(),
    )


def examples(rules: list[StyleRule]) -> dict[tuple[str, str], list[Example]]:
    """The latest texts in which people made these changes, with the sentence as it was written and as it was approved."""
    if not rules:
        return {}
    of_rules = Q(*(Q(old=rule.old, new=rule.new) for rule in rules), _connector=Q.OR)
    newest = Window(RowNumber(), partition_by=[F("old"), F("new")], order_by=F("pk").desc())
    changes = StyleChange.objects.filter(of_rules, tenant=rules[0].tenant_id).annotate(
        place=newest, written_text=writing(), approved_text=approval()
    )
    found: dict[tuple[str, str], list[Example]] = {}
    for change in changes.filter(place__lte=EXAMPLES).select_related("communication__account").order_by("-pk"):
        if example := shown(change, change.written_text or "", change.approved_text or ""):
            found.setdefault((change.old, change.new), []).append(example)
    return found


def writing() -> Subquery:
    own = CommunicationRevision.objects.filter(communication=OuterRef("communication"), origin="generated")
    return Subquery(own.filter(generation=OuterRef("communication__generation")).order_by("number").values("body_html")[:1])


def approval() -> Subquery:
    return Subquery(Approval.objects.filter(communication=OuterRef("communication")).order_by("-pk").values("revision__body_html")[:1])


def shown(change: StyleChange, written: str, approved: str) -> Example | None:
    """None where the words were in the subject, or the texts have moved on since."""
    before = next((sentence for sentence in sentences(written) if holds(sentence, change.old)), None)
    if before is None:
        return None
    after = max((sentence for sentence in sentences(approved) if holds(sentence, change.new)), key=likeness(before), default=None)
    return Example(change.communication, cut(before, change.old), cut(after, change.new)) if after else None


def sentences(html: str) -> list[str]:
    return [sentence.strip() for sentence in SENTENCE.split(sanitise.to_text(html)) if sentence.strip()]


def place_of(sentence: str, words: str) -> re.Match[str] | None:
    """Whatever stands between them, and whether a sentence's start makes the first one big."""
    if not words:
        return None
    pattern = r"\W+".join(re.escape(word) for word in words.split())
    return re.search(rf"(?<!\w){pattern}(?!\w)", sentence, re.IGNORECASE)


def holds(sentence: str, words: str) -> bool:
    return not words or place_of(sentence, words) is not None


def likeness(sentence: str) -> Callable[[str], float]:
    known = SequenceMatcher(b=sentence.split())

    def like(other: str) -> float:
        known.set_seq1(other.split())
        return known.quick_ratio()

    return like


def cut(sentence: str, words: str) -> Sentence:
    """The words with as much around them as has room."""
    found = place_of(sentence, words)
    if found is None:
        return Sentence(shorter(sentence, MOST_SHOWN))
    before, after = sentence[: found.start()], sentence[found.end() :]
    return Sentence(shorter(before[::-1], MOST_SHOWN // 2)[::-1], found[0], shorter(after, MOST_SHOWN // 2))


def shorter(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
