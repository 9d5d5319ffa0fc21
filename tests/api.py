"""Other software that calls the API."""

from datetime import datetime
from typing import Any

from django.test import Client

from accounts import api_tokens
from accounts.models import Tenant
from accounts.models.api import Scope


class Caller:
    """Has a token of the tenant, for everything unless scopes are named."""

    def __init__(self, tenant: Tenant, *scopes: str, expires_at: datetime | None = None) -> None:
        self.token, self.text = api_tokens.issue(tenant, f"Caller {tenant.api_tokens.count()}", scopes or Scope.values, expires_at)
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.bearer | named(headers))

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", body, content_type="application/json", headers=self.bearer | named(headers))

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def problem(answer: Any, kind: str) -> dict[str, Any]:
    """The problem document of an answer, which must be of that kind."""
    found: dict[str, Any] = answer.json()
    assert found["type"].endswith(f"#{kind}"), found
    assert (answer.status_code, answer.headers["Content-Type"]) == (found["status"], "application/problem+json")
    assert found["title"]
    assert found["detail"]
    return found
