"""The yardstick of list pages: Django's admin site as it comes, with the accounts' table and nothing tuned."""

from django.contrib import admin
from django.urls import path

from accounts.models import Account
from tamdash.urls import urlpatterns as ours


class PlainAccounts(admin.ModelAdmin[Account]):
    list_display = ("external_id", "name", "owner", "tier", "region", "arr", "renewal_date", "is_active")


site = admin.AdminSite("plain")
site.register(Account, PlainAccounts)
urlpatterns = [path("plain/", site.urls), *ours]
