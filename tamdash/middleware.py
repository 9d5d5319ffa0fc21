"""What every request of a person goes through: htmx's needs, and the time zone the page is read in."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.cache import patch_vary_headers

Next = Callable[[HttpRequest], HttpResponseBase]


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
