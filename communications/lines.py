"""A list of short texts, typed one a line."""

from typing import Any

from django import forms


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
