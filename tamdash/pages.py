"""What every view needs to answer a person: who asks, what they may, and how much of the page they want."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.models.people import TenantQuerySet


def person(request: HttpRequest) -> User:
    """Who asks. The middleware lets nobody through to a view without signing in."""
    assert isinstance(request.user, User)
    return request.user


def leader(request: HttpRequest) -> User:
    """Who asks for what only managers and admins see; 403 for a rep."""
    user = person(request)
    if not user.leads:
        raise PermissionDenied("Only managers and admins can see this. Ask your manager.")
    return user


def visible(rows: TenantQuerySet, request: HttpRequest, pk: int) -> Any:
    """The row, or 404: another tenant's does not exist for this person."""
    return get_object_or_404(rows.visible_to(request.user), pk=pk)


def changeable(rows: TenantQuerySet, request: HttpRequest, pk: int) -> Any:
    """The row, 404 if the person cannot see it, 403 if they may only look."""
    row = visible(rows, request, pk)
    if not rows.changeable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied
    return row


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page: not when it swaps a whole page, or restores one from history."""
    headers = request.headers
    return bool(headers.get("HX-Request")) and not headers.get("HX-Boosted") and not headers.get("HX-History-Restore-Request")


def template(request: HttpRequest, name: str, part: str) -> str:
    """The page's template, or its named partial when only that is asked for."""
    return f"{name}#{part}" if is_partial(request) else name
