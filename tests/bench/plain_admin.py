"""The yardsticks: Django's admin site as it comes, with the accounts' table and nothing tuned; and a view that does nothing."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from accounts.models import Account
from tamdash.urls import urlpatterns as ours


class PlainAccounts(admin.ModelAdmin[Account]):
    list_display = ("external_id", "name", "owner", "tier", "region", "arr", "renewal_date", "is_active")


@csrf_exempt
@login_not_required
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok", "text/plain")


site = admin.AdminSite("plain")
site.register(Account, PlainAccounts)
urlpatterns = [path("nothing", nothing), path("plain/", site.urls), *ours]
