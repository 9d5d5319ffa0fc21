"""The admin site: for admins, entered by the sign-in page, and without addresses that could tell of other tenants."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import url_has_allowed_host_and_scheme


class TenantAdminSite(admin.AdminSite):
    site_header = "tamdash"
    site_title = "tamdash admin"
    index_title = "Your tenant"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Only people who have signed in get here: the others are sent to the sign-in page first."""
        if not self.has_permission(request):
            raise PermissionDenied("Only admins can see this. Ask one of them.")
        wanted = request.GET.get("next", "")
        known = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(wanted if known else reverse("admin:index"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # “View on site” by content type and number answers for rows of any tenant.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
