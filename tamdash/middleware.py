"""What requests go through: the short ways of signals and calls; for people sign-in, htmx's needs, and the time zone of the page."""

import gzip
import io
import re
import secrets
import zoneinfo
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, HttpResponseRedirect
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from tamdash.api.problems import Problem

ACCEPTS_GZIP = re.compile(r"\bgzip\b")
# Where it leads from a page that keeps what is typed in the browser.
KEEPS_TEXT = ("draft-save",)
Next = Callable[[HttpRequest], HttpResponseBase]


class QuickGZip(GZipMiddleware):
    """Django's compression at level 1: level 6 takes longer than making the page and saves a quarter of its size."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or len(response.content) < 200 or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if not ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
            return response
        # A file name of random length in the header hides from an observer how well a secret compressed (BREACH).
        packed = io.BytesIO()
        name = secrets.token_hex(secrets.randbelow(self.max_random_bytes // 2) + 1)
        with gzip.GzipFile(filename=name, mode="wb", compresslevel=1, fileobj=packed, mtime=0) as stream:
            stream.write(response.content)
        response.content = packed.getvalue()
        response.headers["Content-Length"] = str(len(response.content))
        response.headers["Content-Encoding"] = "gzip"
        if etag := response.headers.get("ETag"):
            response.headers["ETag"] = etag if etag.startswith("W/") else f"W/{etag}"
        return response


class SignalsFirst:
    """Leads heartbeats and webhooks past what only people need: sessions, sign-in, forms, and the policies of pages.

    Behind Django's own security, which keeps the rule of HTTPS; which hosts are answered is asked here.
    """

    begin: tuple[str, ...] = ("/ping/", "/hooks/")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(self.begin):
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost, which answers 400
        try:
            view, args, kwargs = request.resolver_match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response


class NoNulInAddress:
    """Refuses a NUL in the address: no page has one, and PostgreSQL none in a text."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            detail = "The address holds a character that no page has."
            if request.path_info.startswith("/api/v1/"):
                return Problem("unreadable", detail).response()
            return HttpResponseBadRequest(detail)
        return self.get_response(request)


class CallsFirst(SignalsFirst):
    """The same for the API, behind the compression: what its answers say depends on no session."""

    begin = ("/api/v1/",)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return super().__call__(request)
        except DisallowedHost:
            return Problem("unreadable", "The Host header names no host that is served here.").response()


class SignInFirst(LoginRequiredMiddleware):
    """Sends to sign in who has not. What cannot be a link leads back, after that, to the page it was pressed on."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]) -> HttpResponseRedirect:
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        pressed_on = request.headers.get("Referer", "")
        is_ours = url_has_allowed_host_and_scheme(pressed_on, {request.get_host()}, require_https=request.is_secure())
        parts = urlsplit(pressed_on)
        path = urlunsplit(("", "", parts.path, parts.query, "")) if is_ours else request.get_full_path()
        address = resolve_url(self.get_login_url(view_func))
        if is_ours:  # a page of ours with something to press is shown to the signed-in: their session has ended since
            match = request.resolver_match
            address += f"?ended={'text' if match and match.url_name in KEEPS_TEXT else 'step'}"
        return redirect_to_login(path, address, self.get_redirect_field_name(view_func))


class KeptByNobody:
    """What a signed-in person sees is kept by no shared cache, and asked for anew by the browser."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-cache"
        return response


class HtmxReplies:
    """Keeps partial and whole pages apart in caches, and sends the whole window to sign in when a session has ended."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.sign_in = resolve_url(settings.LOGIN_URL)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if request.headers.get("HX-Request") and response.status_code == 302:
            target = response.headers["Location"]
            if target.split("?")[0] == self.sign_in:
                return HttpResponse(status=204, headers={"HX-Redirect": target.split("?")[0]})
        return response


class TenantTimeZone:
    """Times on a page are those of the reader's tenant."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(request.user.tenant.time_zone)):
            return self.get_response(request)
