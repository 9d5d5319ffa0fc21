"""Secrets in forms: entered, kept or removed, and never shown again."""

from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

M = TypeVar("M", bound=models.Model)


class KeptSecrets(forms.ModelForm[M]):
    """A form whose fields in `secrets` are write-only. Each has a field `remove_…` beside it."""

    secrets: tuple[str, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.secrets:
            if name not in self.fields:
                continue
            field = self.fields[name]
            # A browser is to offer no password of somebody's here, and not to keep this one.
            field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vLargeTextField", "spellcheck": "false"})
            self.initial[name] = ""
            state = "Set: leave empty to keep it." if getattr(self.instance, name) else "Not set."
            field.help_text = f"{state} {field.help_text}"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name in self.secrets:
            if name in given and not given[name]:
                given[name] = "" if given.get(f"remove_{name}") else getattr(self.instance, name)
            elif given.get(name) and given.get(f"remove_{name}"):
                self.add_error(f"remove_{name}", "Enter another one or remove it, not both.")
        return given


class ChatAddress(KeptSecrets[M]):
    """With a chat address among the secrets."""

    remove_chat_url = forms.BooleanField(label="Remove the chat address", required=False)

    def clean_chat_url(self) -> str:
        from accounts.notifications.channels import chat_address  # here, as it loads every chat's package

        given: str = self.cleaned_data["chat_url"]
        if given and (reason := chat_address.explain(given)):
            raise ValidationError(reason)
        return given
