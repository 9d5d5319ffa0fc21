"""`/api/`: how to call the API, made from the same document that other software reads. Who leads sees the tenant's tokens, too."""

import json
import shlex
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts.models import ApiToken
from accounts.models.api import Scope
from tamdash.api import once
from tamdash.api.document import document
from tamdash.api.problems import KINDS
from tamdash.pages import person

MOST_TOKENS = 100


@dataclass(frozen=True)
class Parameter:
    name: str
    where: str
    text: SafeString
    kind: str


@dataclass(frozen=True)
class Call:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: SafeString
    scope: str
    parameters: list[Parameter]
    curl: str
    answer: str


def calls() -> dict[str, list[Call]]:
    """By their tag, in the order of the document."""
    found: dict[str, list[Call]] = defaultdict(list)
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(call(path, method.upper(), operation))
    return dict(found)


def call(path: str, method: str, operation: dict[str, Any]) -> Call:
    answers = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
    text, _, _ = operation["description"].partition("\n\nScope:")
    return Call(
        id=operation["operationId"].replace("_", "-"),
        method=method,
        path=path,
        summary=operation["summary"],
        text=marked(" ".join(text.split())),
        scope=" or ".join(each["Bearer"][0] for each in operation["security"]),
        parameters=[parameter(each) for each in operation["parameters"] if each["in"] != "header"],
        curl=curl(path, method, operation),
        answer=next((as_json(example) for answer in answers if (example := example_of(answer)) is not None), ""),
    )


def curl(path: str, method: str, operation: dict[str, Any]) -> str:
    """As it can be pasted into a shell that knows $TAMDASH_TOKEN."""
    examples = {each["name"]: each["example"] for each in operation["parameters"] if "example" in each}
    in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
    for name in in_path:
        path = path.replace(f"{{{name}}}", quote(str(examples.get(name, name)), safe=""))
    query = urlencode({name: value for name, value in examples.items() if name not in in_path})
    address = f"{settings.PUBLIC_URL}{path}" + (f"?{query}" if query else "")
    lines = [f"curl {shlex.quote(address)}", '-H "Authorization: Bearer $TAMDASH_TOKEN"']
    if method == "POST":
        body = json.dumps(example_of(operation["requestBody"]), ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def example_of(part: dict[str, Any]) -> Any:
    return part.get("content", {}).get("application/json", {}).get("example")


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def parameter(given: dict[str, Any]) -> Parameter:
    return Parameter(given["name"], given["in"], marked(given.get("description", "")), kind(given["schema"]))


def marked(text: str) -> SafeString:
    """What stands between backticks in the document is code on the page."""
    words, *rest = text.split("`")
    pairs = zip(rest[::2], rest[1::2], strict=False)
    return format_html("{}{}", words, format_html_join("", "<code>{}</code>{}", pairs))


def kind(schema: dict[str, Any]) -> str:
    """In a word or two: “one or more of Green, Amber, Red”."""
    if "anyOf" in schema:
        return ", ".join(filter(None, (kind(each) for each in schema["anyOf"])))
    if schema.get("type") == "array":
        return f"one or more of {kind(schema['items'])}" if "enum" in schema["items"] else f"{kind(schema['items'])}, several times"
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("format") == "date-time":
        return "date and time"
    return {"string": "text", "integer": "number"}.get(schema.get("type", ""), "")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """For the signed-in, as it names the tenant and its tokens; the document itself is for everybody."""
    user = person(request)
    now = timezone.now()
    tokens = list(ApiToken.objects.visible_to(user).select_related("created_by").order_by("-id")[:MOST_TOKENS]) if user.leads else []
    context = {
        "section": "signals",
        "calls": calls(),
        "base": f"{settings.PUBLIC_URL}/api/v1",
        "limit": settings.API_CALLS_PER_MINUTE,
        "key_header": once.HEADER,
        "problems": KINDS,
        "scopes": Scope.choices,
        "tokens": [(token, state(token, now)) for token in tokens],
        "tenant": user.tenant,
    }
    return render(request, "api.html", context)


def state(token: ApiToken, now: Any) -> str:
    if token.revoked_at:
        return "Revoked"
    return "Expired" if token.expires_at and token.expires_at <= now else "In use"
