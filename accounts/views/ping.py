"""`/ping/<uuid>`: an account's integration says that it is alive. Whoever knows the address may call it; it tells nothing back."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts import heartbeats
from accounts.heartbeats.told import LARGEST, NONSENSE, NOTHING, Told, read

METHODS = ("GET", "HEAD", "POST")


@csrf_exempt
@login_not_required
def ping(request: HttpRequest, key: str) -> HttpResponse:
    """Records the heartbeat, whatever the body holds; the answer says if something in it was left out."""
    at = timezone.now()
    if request.method not in METHODS:
        return plain(request, "Use GET or POST.", 405, Allow=", ".join(METHODS))
    told = body_of(request) if request.method == "POST" else NOTHING
    ping_id = parsed(key)
    if ping_id is None or not heartbeats.ping(ping_id, at, told):
        return plain(request, "No such address.", 404)
    return plain(request, "ok" if not told.left_out else "ok partly-read" if told.of_profile or told.calls else "ok body-ignored")


def parsed(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def body_of(request: HttpRequest) -> Told:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > LARGEST or "HTTP_TRANSFER_ENCODING" in request.META:  # of a body without a length nothing is read
            return NONSENSE
        return read(request.body)
    except (UnreadablePostError, ValueError):
        return NONSENSE


def plain(request: HttpRequest, text: str, status: int = 200, **headers: str) -> HttpResponse:
    content = b"" if request.method == "HEAD" else text.encode()
    response = HttpResponse(content, "text/plain; charset=utf-8", status, headers={"Cache-Control": "no-store", **headers})
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark: it would log the address
    return response
