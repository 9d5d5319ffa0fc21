"""The API described by itself: OpenAPI 3.1 out of the operations, with what all of them share. Served at `/api/v1/openapi.json`."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from pydantic_core import to_json

from accounts.models.api import Scope
from tamdash.api import once, problems
from tamdash.api.auth import Bearer
from tamdash.api.examples import ACCOUNT, EXAMPLES
from tamdash.api.problems import KINDS, ProblemDocument

SHARED = (400, 401, 403, 404, 405, 406, 422, 429, 500, 503)
OF_WRITES = (409, 411, 413, 415)
PROBLEM = {"$ref": "#/components/schemas/Problem"}
ABOUT = """\
Signals in, health and drafts out. Every call carries a bearer token of one tenant, and sees that tenant alone.
Times have a time zone; a naive one is refused. Errors are problem documents (RFC 9457)."""
HEADERS = {
    "ETag": "Of the answer. Send it as If-None-Match to be answered 304 while nothing has changed.",
    "RateLimit-Limit": "Calls that the token may make in a minute of the clock. A bulk call counts once.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until the next minute.",
    "RateLimit-Policy": "The same limit as a policy: calls, and the seconds of the window.",
    "Retry-After": "Seconds to wait.",
    "Location": "Where the task is to be looked at.",
    "WWW-Authenticate": "The challenge, as RFC 6750 has it.",
    "Allow": "The methods that are served.",
    once.REPLAYED: "`true`: the call was made before, and this is what it was answered then.",
}
LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
OF_STATUS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of the answer that is known already.",
}
KEY = {
    "in": "header",
    "name": once.HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "description": "Any text of 1 to 200 visible ASCII characters, such as a UUID. The same call again with it does nothing, and is "
    "answered the same for 24 hours.",
}


class Document(OpenAPISchema):
    def operation_details(self, operation: Operation) -> dict[str, Any]:
        found: dict[str, Any] = super().operation_details(operation)
        is_write = "POST" in operation.methods
        scopes = [str(scope) for each in operation.auth_callbacks if isinstance(each, Bearer) for scope in each.scopes]
        found["security"] = [{"Bearer": [scope]} for scope in scopes]
        found["description"] = f"{found.get('description', '').strip()}\n\nScope: {' or '.join(f'`{each}`' for each in scopes)}.".strip()
        found["parameters"] = [*map(described, found["parameters"]), KEY if is_write else IF_NONE_MATCH]
        for status, answer in found["responses"].items():
            answer["headers"] = headers((*LIMIT_HEADERS, once.REPLAYED if is_write else "ETag", *(["Location"] if status == 202 else [])))
            answer["description"] = {202: "Taken on. The Location header says where to look."}.get(status, "Done.")
        if not is_write:
            found["responses"][304] = {"description": "It is as it was.", "headers": headers(("ETag",))}
        for status in (*SHARED, *(OF_WRITES if is_write else ())):
            found["responses"].setdefault(status, {"$ref": f"#/components/responses/{status}"})
        found["responses"] = {str(status): answer for status, answer in sorted(found["responses"].items())}
        with_example(found)
        return found

    def get_components(self) -> dict[str, Any]:
        self.add_schema_definitions(problem_schemas())
        self.securitySchemes["Bearer"] = {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of the tenant. Scopes: " + "; ".join(f"`{scope}` {scope.label.lower()}" for scope in Scope) + ".",
        }
        shared = {str(status): problem(status) for status in (*SHARED, *OF_WRITES)}
        schemas = dict(sorted(self.schemas.items()))
        described = {name: {"schema": {"type": "string"}, "description": text} for name, text in HEADERS.items()}
        return {"schemas": schemas, "responses": shared, "headers": described, "securitySchemes": self.securitySchemes}


def described(parameter: dict[str, Any]) -> dict[str, Any]:
    """A path's parameters are said what they are in one place."""
    if parameter["in"] == "path" and parameter["name"] == "account_id":
        text = "The account's id, percent-encoded. It may hold slashes, as %2F or as they are."
        return parameter | {"description": text, "example": ACCOUNT, "schema": {"type": "string", "minLength": 1}}
    return parameter


def headers(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def with_example(operation: dict[str, Any]) -> None:
    example = EXAMPLES.get(operation["operationId"])
    if example is None:
        return
    for parameter in operation["parameters"]:
        if parameter["name"] in example.parameters:
            parameter["example"] = example.parameters[parameter["name"]]
    if example.body is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = example.body
    operation["responses"]["200"]["content"]["application/json"]["example"] = example.answer


def problem(status: int) -> dict[str, Any]:
    kinds = {name: kind for name, kind in KINDS.items() if kind.status == status}
    examples = {
        name: {"value": {"type": problems.address(name), "title": kind.title, "status": status, "detail": f"{kind.then}"}}
        for name, kind in kinds.items()
    }
    described: dict[str, Any] = {
        "description": " ".join(f"{kind.title}. {kind.then}" for kind in kinds.values()),
        "content": {problems.MEDIA_TYPE: {"schema": PROBLEM, "examples": examples}},
    }
    if named := OF_STATUS.get(status):
        described["headers"] = headers(named)
    return described


def problem_schemas() -> dict[str, Any]:
    schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}", mode="validation")
    return {**schema.pop("$defs"), "Problem": schema}


@cache
def document() -> dict[str, Any]:
    """The whole of it. Made once a process, as it never changes."""
    from tamdash.api.v1 import api

    found = dict(Document(api, "api/v1/"))
    found["info"]["description"] = ABOUT
    found["servers"] = [{"url": settings.PUBLIC_URL}]
    found["tags"] = [{"name": name} for name in dict.fromkeys(tag for each in operations(found) for tag in each.get("tags", ()))]
    return found


def operations(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in found["paths"].values() for operation in methods.values()]


def openapi(request: HttpRequest) -> HttpResponse:
    """For everybody: it tells nothing of any tenant."""
    response = HttpResponse(to_json(document()), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
