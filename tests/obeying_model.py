"""A model that does what the texts in its data ask for. `data/injections.json` says for each what it would then write."""

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
FENCED = re.compile(r"^<<<DATA (\w+)>>>\n(.*)\n<<<END DATA \1>>>$", re.DOTALL | re.MULTILINE)
HONEST = {"subject": "About your account", "body_html": "<p>Hello,</p><p>I am writing about your account.</p>"}


@dataclass(frozen=True)
class Injection:
    """A hostile text, the field it stands in, and the mail of a model that obeys it.

    In `obeyed`, {system_prompt} and {data} stand for what the model was told and given. `subtle`: no link or number gives it away.
    """

    id: str
    place: str
    goal: str
    text: str
    obeyed: str
    subject: str = ""
    subtle: bool = False


def injections() -> list[Injection]:
    rows = json.loads((Path(__file__).parent / "data" / "injections.json").read_text("utf-8"))
    return [Injection(**row) for row in rows]


INJECTIONS = injections()


def obeyed(request: dict[str, Any]) -> dict[str, str]:
    """Subject and body of a model that does all that is asked of it in the request's data; an honest mail if nothing is."""
    system, *rest = [message["content"] for message in request["messages"]]
    told = {json.loads(string) for content in rest for string in JSON_STRING.findall(content)}
    found = [injection for injection in INJECTIONS if injection.text in told]
    if not found:
        return HONEST
    data = "\n".join(match[2] for content in rest for match in FENCED.finditer(content))
    body = "".join(injection.obeyed for injection in found)
    body = body.replace("{system_prompt}", html.escape(system)).replace("{data}", html.escape(data))
    return {"subject": found[0].subject or HONEST["subject"], "body_html": body}
