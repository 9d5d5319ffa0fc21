"""Signing in: whose failed tries count against whom, and which passwords open nothing."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse

from accounts.models import User

# Printed by `make demo` for all to read.
DEMO_PASSWORD = "tamdash-demo"  # noqa: S105


class Passwords(ModelBackend):
    """Address and password. The demo's password opens nothing outside demo mode, whichever database it was seeded into."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if password == DEMO_PASSWORD and not settings.DEMO:
            return None
        found = super().authenticate(request, username=username, password=password, **kwargs)
        return found if isinstance(found, User) else None


def locked_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The address that tries are counted for, however it is typed: sign-in does not tell its cases apart either."""
    given = (credentials or {}).get("username") or (request.POST.get("username", "") if request else "")
    return str(given).strip().casefold()


def client_address(request: HttpRequest) -> str:
    """Where a try came from. Behind the one proxy that HTTPS presumes, it is what that proxy says last."""
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.SECURE_HTTPS and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


class SignOut(LogoutView):
    """Ends the session, and has the browser forget the pages it kept."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response
