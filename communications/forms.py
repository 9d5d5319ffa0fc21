"""What people type about drafts."""

import re
from typing import Any, Self

from django import forms
from django_prose_editor.widgets import ProseEditorWidget

from accounts.models.profile import CommunicationType
from communications import sanitise
from communications.mailboxes import addresses
from communications.models import Communication, Release, RoadmapItem, StyleRule

TABLE = {"Table": True, "TableRow": True, "TableHeader": True, "TableCell": True}
# Only what a mail may hold: the editor drops the rest of what is pasted before the server does.
EDITOR = {
    "extensions": {
        "Bold": True,
        "Italic": True,
        "HardBreak": True,
        "Heading": {"levels": [2, 3]},
        "BulletList": True,
        "OrderedList": {"enableListAttributes": False},
        "ListItem": True,
        "Blockquote": True,
        "Link": {"protocols": ["http", "https", "mailto"], "enableTarget": False},
        **TABLE,
    }
}

# The end of a line after an address, where nothing separates it from the next.
ONE_A_LINE = re.compile(r"(@[^\s,;>]+>?)[ \t]*[\r\n]+\s*")


def said_of(what: str, required: str = "") -> dict[str, str]:
    """The error messages of a text field."""
    return {
        "required": required,
        "max_length": f"{what} has %(show_value)d characters. Shorten it to %(limit_value)d.",
        "null_characters_not_allowed": f"{what} has a character that cannot be kept. Type it anew instead of pasting it.",
    }


def of_number(message: str) -> dict[str, str]:
    return dict.fromkeys(("required", "invalid", "min_value", "max_value"), message)


class LinesField(forms.CharField):
    """A list of lines of text, one entry each."""

    def __init__(self, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"required": False, "help_text": "One a line.", "widget": forms.Textarea(attrs={"rows": 3})}
        super().__init__(**defaults | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if any(len(line) > 300 for line in lines):
            raise forms.ValidationError("A line has at most 300 characters.")
        return lines

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.clean(data))


NO_VERSION = "The page named no version of the draft. Reload it, then try again."


class StepForm(forms.Form):
    """A step on a draft as the person saw it. Without a version: as it is now."""

    version = forms.IntegerField(required=False, min_value=0, error_messages=of_number(NO_VERSION))


class SeenForm(StepForm):
    """A step that only makes sense on the text that the person saw."""

    version = forms.IntegerField(min_value=0, error_messages=of_number(NO_VERSION))


class ApproveForm(SeenForm):
    without_recipient = forms.BooleanField(required=False)


class InstructionForm(StepForm):
    instruction = forms.CharField(max_length=500, required=False, error_messages=said_of("The instruction"))
    number = forms.IntegerField(  # of the version to start from
        required=False, min_value=1, error_messages=of_number("That is no version of this draft. Choose one in the list.")
    )


class ConfirmForm(SeenForm):
    """Vouching for a claim. What it rests on is a record of the snapshot, words of one's own, or both."""

    key = forms.CharField(max_length=32, error_messages=dict.fromkeys(("required", "max_length"), "The page named no claim. Reload it."))
    name = forms.CharField(
        max_length=120, error_messages=said_of("The name", required="The name is empty. Type your own to vouch for the claim.")
    )
    record = forms.CharField(max_length=80, required=False, error_messages=said_of("The record"))
    how = forms.CharField(max_length=110, required=False, error_messages=said_of("What you know it from"))

    @property
    def source(self) -> str:
        return "; ".join(filter(None, (self.cleaned_data["record"], self.cleaned_data["how"])))


class RejectForm(StepForm):
    reason = forms.CharField(
        max_length=500,
        error_messages=said_of("The reason", required="The reason is empty. Say why it is rejected, so that the next one is better."),
    )


class SentForm(StepForm):
    outcome = forms.CharField(max_length=2000, required=False, error_messages=said_of("The outcome"))


class RestoreForm(StepForm):
    number = forms.IntegerField(min_value=1, error_messages=of_number("No version was named. Choose one in the list of versions."))


class TextForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    recipients = forms.CharField(
        label="To",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),  # where it cannot grow with what is in it
        error_messages=said_of("The line of recipients"),
    )
    subject = forms.CharField(
        max_length=250,
        widget=forms.TextInput(attrs={"class": "strong"}),
        error_messages=said_of("The subject", required="The subject is empty. Write one line."),
    )
    body_html = forms.CharField(
        label="Message",
        max_length=100_000,
        widget=ProseEditorWidget(config=EDITOR, preset="configurable", attrs={"rows": 22}),
        error_messages=said_of("The message", required="The message is empty. Write at least a line."),
    )

    def point_at_first_fault(self) -> None:
        """The page opens with the cursor where the first change is needed."""
        first = next((name for name in self.fields if name in self.errors), None)
        if first:
            self.fields[first].widget.attrs["autofocus"] = True

    def clean_recipients(self) -> str:
        # One address a line is as good as a comma between them.
        line = " ".join(ONE_A_LINE.sub(r"\1, ", self.cleaned_data["recipients"]).split())
        try:
            addresses.recipients(line)
        except addresses.BadAddress as error:
            raise forms.ValidationError(str(error)) from error
        return line

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_body_html(self) -> str:
        body = sanitise.clean(self.cleaned_data["body_html"])
        if not sanitise.to_text(body).strip():
            raise forms.ValidationError("The message is empty. Write at least a line.")
        return body


class GenerateForm(forms.Form):
    """Refuses at the door what would fail for want of anything to write about."""

    communication_type = forms.ChoiceField(
        choices=CommunicationType.choices,
        error_messages={
            "required": "The type is missing. Choose one under Generate.",
            "invalid_choice": "“%(value)s” is no type of draft. Choose one under Generate.",
        },
    )
    instruction = forms.CharField(max_length=500, required=False, error_messages=said_of("The instruction"))
    another = forms.BooleanField(required=False)  # beside one that is in review already
    from_path = forms.BooleanField(required=False)  # to propose the actions that are ticked
    # To propose those of the path that this draft was made from.
    from_draft = forms.IntegerField(
        required=False, min_value=1, error_messages=of_number("The page named no draft. Draft from the path on the account's page.")
    )

    def __init__(self, data: Any, *, tenant_id: int) -> None:
        super().__init__(data)
        self.tenant_id = tenant_id

    def clean_communication_type(self) -> str:
        kind: str = self.cleaned_data["communication_type"]
        if kind == "release_notes" and not Release.objects.filter(tenant=self.tenant_id, is_published=True).exists():
            raise forms.ValidationError("No release is published yet. Publish one, then generate its notes.")
        if kind == "roadmap_preview" and not RoadmapItem.objects.filter(tenant=self.tenant_id).exclude(status="shipped").exists():
            raise forms.ValidationError("The roadmap is empty. Add what is planned, then generate the preview.")
        return kind

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        has_path = given.get("from_path") or given.get("from_draft")
        if has_path and given.get("communication_type") not in (None, CommunicationType.ESCALATION_OUTREACH):
            raise forms.ValidationError("Only an escalation outreach is drafted from a path.")
        return given


class StyleForm(forms.Form):
    """A rule of house style: each half one line, as it goes into a prompt."""

    old = forms.CharField(
        label="Instead of",
        max_length=120,
        error_messages=said_of("“Instead of”", required="“Instead of” is empty. Type the words that are not to be written."),
    )
    new = forms.CharField(label="Write", max_length=120, required=False, error_messages=said_of("“Write”"))
    communication_type = forms.ChoiceField(label="In", choices=[("", "All types"), *CommunicationType.choices], required=False)

    @classmethod
    def of(cls, rule: StyleRule | None = None, data: Any = None) -> Self:
        """With ids of its own, as a page has one for every rule."""
        initial = {name: getattr(rule, name) for name in cls.base_fields} if rule else {}
        return cls(data, initial=initial, auto_id=f"rule_{rule.pk if rule else 'new'}_%s", label_suffix="")

    def clean_old(self) -> str:
        return self.one_line("old")

    def clean_new(self) -> str:
        return self.one_line("new")

    def one_line(self, name: str) -> str:
        words = " ".join(self.cleaned_data[name].split())
        if not words.isprintable():
            raise forms.ValidationError("It holds a character that cannot be shown. Type it anew instead of pasting it.")
        return words

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "old" in given and given["old"] == given.get("new"):
            raise forms.ValidationError("Both halves are the same. Type other words beside “Write”, or none to have them left out.")
        return given


class FilterForm(forms.Form):
    """The list's filters, from the URL; nonsense counts as not given."""

    TABS = {
        "review": ("To review", ("queued", "generating", "ready", "failed")),
        "approved": ("Approved", ("approved",)),
        "delivered": ("In the mailbox", ("delivered",)),
        "sent": ("Sent", ("sent",)),
        "rejected": ("Rejected", ("rejected",)),
        "all": ("All", tuple(Communication.Status.values)),
    }
    status = forms.ChoiceField(choices=[(name, label) for name, (label, _) in TABS.items()], required=False)
    type = forms.ChoiceField(choices=CommunicationType.choices, required=False)
    flags = forms.BooleanField(required=False)  # only those with a claim that has no source
    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)
