"""The form of a source's mapping: its words with what each means, and which values name an account."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import get_default_renderer

from accounts.admin.tenancy import TenantForm
from accounts.ingest.mapping import OUTRIGHT, Words
from accounts.ingest.rows import KIND_LENGTH, WORD_LENGTH
from accounts.models import SourceMapping, Ticket
from accounts.pages import words_seen
from accounts.sources import WORDS

NEW_ROWS = 3
MOST_KINDS = 8
MOST_WORDS = 500
KINDS = ("organization", "project", "component", "label", "domain", "location")
CUSTOM = re.compile(r"customfield_\d{1,12}", re.ASCII)
PRIORITIES = [(str(value), name) for value, name in Ticket.Priority.choices]
STATUSES = Ticket.Status.choices


class WordForm(forms.Form):
    """A word of the source, and what it means: one of the choices, or nothing for the default."""

    word = forms.CharField(max_length=WORD_LENGTH, required=False, strip=False, label="Word of the source")
    meaning = forms.ChoiceField(required=False, label="means")
    default = ""
    seen: words_seen.Seen | None = None
    is_new = False

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.is_new and given.get("word", "").strip() and not given.get("meaning"):
            self.add_error("meaning", "Say what this word means, or empty it.")
        if self.is_new and given.get("meaning") and not given.get("word", "").strip():
            self.add_error("word", "Enter the word as its source writes it.")
        return given


class WordTable(forms.BaseFormSet[WordForm]):
    """Known words first, whose text is fixed, then rows for new ones. `what`: priority or status."""

    extra, min_num, max_num, absolute_max = NEW_ROWS, 0, MOST_WORDS + NEW_ROWS, MOST_WORDS + 2 * NEW_ROWS
    form, renderer = WordForm, get_default_renderer()
    can_order = can_delete = validate_min = validate_max = False

    def __init__(self, what: str, words: Words, own: dict[str, Any], seen: dict[str, words_seen.Seen], data: Any) -> None:
        self.what, self.words, self.seen = what, words, seen
        self.defaults: Mapping[str, object] = words.priorities if what == "priority" else words.statuses
        known = dict.fromkeys((*(word for word in seen if word), *self.defaults, *own))
        listed = sorted(known, key=lambda word: (word not in seen, word))[:MOST_WORDS]
        initial = [{"word": word, "meaning": str(own.get(word, ""))} for word in listed]
        super().__init__(data, prefix=what, initial=initial)

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.is_new = index is None or index >= self.initial_form_count()
        word = form.initial.get("word", "") if not self.is_bound else self.data.get(f"{form.prefix}-word", "")
        form.default = self.default(word) if not form.is_new else ""
        form.seen = self.seen.get(word)
        choices = PRIORITIES if self.what == "priority" else STATUSES
        form.fields["meaning"].choices = [("", "–" if form.is_new else form.default), *choices]
        if not form.is_new:
            form.fields["word"].widget = forms.HiddenInput()
        named = (
            {"aria-label": f"Meaning of the {self.what} “{word}”"} if not form.is_new else {"aria-label": f"Meaning of the new {self.what}"}
        )
        form.fields["meaning"].widget.attrs |= named
        form.fields["word"].widget.attrs |= {"aria-label": f"New {self.what}", "autocomplete": "off"} if form.is_new else {}

    def default(self, word: str) -> str:
        """What the word means where the tenant says nothing, in words."""
        known = self.defaults.get(word)
        if self.what == "priority":
            return f"Default: P{known}" if known else "Not known: tickets with it are refused"
        if self.words.categories:
            return f"Default: {known}, unless its category differs" if known else "Default: as its category says"
        return f"Default: {known}" if known else "Not known: tickets with it are refused"

    def clean(self) -> None:
        found: set[str] = set()
        for form in self.forms:
            word = form.cleaned_data.get("word", "").casefold() if form.is_valid() else ""
            if word.strip() and form.cleaned_data.get("meaning"):
                if (word.strip() if form.is_new else word) in found:
                    form.add_error("word", "This word stands here twice. Keep one of them.")
                found.add(word.strip() if form.is_new else word)

    def chosen(self) -> Iterator[tuple[str, str]]:
        for form in self.forms:
            word, meaning = form.cleaned_data.get("word", ""), form.cleaned_data.get("meaning")
            if meaning and (word or not form.is_new):
                yield (word.strip() if form.is_new else word).casefold(), meaning


class MappingForm(TenantForm[SourceMapping]):
    reset = forms.BooleanField(label="Reset all of this to the defaults", required=False)

    class Meta:
        model = SourceMapping
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row, data = self.instance, self.data if self.is_bound else None
        self.words = WORDS[row.source]
        seen = words_seen.of(row.tenant, row.source)
        self.priorities = WordTable("priority", self.words, row.priorities, seen.priorities, data)
        self.statuses = WordTable("status", self.words, row.statuses, seen.statuses, data)
        self.kinds = list(dict.fromkeys((*self.words.account_by, *KINDS, *seen.kinds)))
        for number in range(MOST_KINDS):
            field = forms.CharField(max_length=KIND_LENGTH, required=False, label="First" if number == 0 else f"Then {number + 1}")
            field.widget.attrs |= {"list": "kinds", "autocomplete": "off"}
            field.initial = row.account_by[number] if number < len(row.account_by) else ""
            self.fields[f"kind_{number}"] = field
        self.kind_fields = [self[f"kind_{number}"] for number in range(MOST_KINDS)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("reset"):
            self.instance.priorities, self.instance.statuses, self.instance.account_by = {}, {}, []
            return given
        self.instance.account_by = self.chosen_kinds(given)
        if not (self.priorities.is_valid() and self.statuses.is_valid()):
            raise ValidationError("Nothing was saved. What to change stands beside the words.")
        self.instance.priorities = {word: int(meaning) for word, meaning in self.priorities.chosen()}
        self.instance.statuses = dict(self.statuses.chosen())
        return given

    def chosen_kinds(self, given: dict[str, Any]) -> list[str]:
        found: list[str] = []
        for number in range(MOST_KINDS):
            name = f"kind_{number}"
            kind = given.get(name, "").strip().casefold()
            if not kind:
                continue
            if reason := self.refusal(kind, found):
                self.add_error(name, reason)
            found.append(kind)
        return found

    def refusal(self, kind: str, before: list[str]) -> str:
        if kind in before:
            return f"“{kind}” stands here twice. Keep one of them."
        if kind in OUTRIGHT:
            return f"“{kind}” is always looked at first. Leave it out."
        if kind == "requester":
            return "Who asked is a person, and names no account. Use their mail domain: domain."
        if kind not in self.kinds and not CUSTOM.fullmatch(kind):
            return f"Tickets have no “{kind}”. Use one of {', '.join(self.kinds)}, or a custom field such as customfield_10010."
        return ""
