from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

from tamdash import health, preferences
from tamdash.api import page, v1
from tamdash.sign_in import SignOut

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("communications.urls")),
    path("api/", page.page, name="api-page"),
    path("api/v1/", include((v1.urls(), "ninja"), namespace="api")),
    path("admin/", admin.site.urls),
    path("sign-in/", LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True), name="sign-in"),
    path("sign-out/", SignOut.as_view(), name="sign-out"),
    path("morning-digest/", preferences.morning_digest, name="morning-digest"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
