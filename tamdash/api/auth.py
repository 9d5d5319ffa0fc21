"""Who calls: bearer tokens and their scopes, never a session."""

from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts import api_tokens
from accounts.models import ApiToken
from accounts.models.api import Scope
from tamdash.api import limits
from tamdash.api.problems import Problem


class ApiRequest(HttpRequest):
    """A request of the API: `auth` is the token it came with."""

    auth: ApiToken


class Bearer(HttpBearer):
    """A token with one of the scopes. Counts the call; too many answer 429, whatever their scope."""

    def __init__(self, *scopes: Scope) -> None:
        super().__init__()
        self.scopes = scopes

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        now = timezone.now()
        found = api_tokens.find(token, now)
        if found is None:
            return None
        allowance = limits.count(found.pk)
        request.allowance = allowance  # type: ignore[attr-defined]  # the door tells of it in the answer's headers
        if allowance.is_over:
            detail = f"This token has made more than {allowance.limit} calls in this minute."
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(allowance.resets_in)})
        api_tokens.note_use(found, now)
        if not set(self.scopes) & set(found.scopes):
            challenge = f'Bearer realm="tamdash", error="insufficient_scope", scope="{self.scopes[0]}"'
            detail = f"This needs the scope {' or '.join(self.scopes)}, which the token does not have."
            raise Problem("insufficient-scope", detail, headers={"WWW-Authenticate": challenge}, scope=str(self.scopes[0]))
        return found


def scoped(*scopes: str) -> Bearer:
    """`auth=scoped("tasks:run")` of an operation; of several scopes one is enough."""
    return Bearer(*map(Scope, scopes))


def token_of(request: HttpRequest) -> ApiToken:
    """The token of a call that was let through."""
    return cast(ApiRequest, request).auth
