from django.urls import path

from accounts.views import account, escalations, portfolio, profile

urlpatterns = [
    path("", portfolio.portfolio, name="portfolio"),
    path("accounts/<int:pk>/", account.account, name="account"),
    path("accounts/<int:pk>/scan/", account.scan_now, name="account-scan"),
    path("accounts/<int:pk>/profile/<slug:part>/", profile.add, name="profile-add"),
    path("accounts/<int:pk>/profile/<slug:part>/rows/", profile.rows, name="profile-rows"),
    path("accounts/<int:pk>/profile/<slug:part>/<int:row>/", profile.edit, name="profile-edit"),
    path("accounts/<int:pk>/profile/<slug:part>/<int:row>/remove/", profile.remove, name="profile-remove"),
    path("escalations/", escalations.queue, name="escalations"),
    path("escalations/<int:pk>/", escalations.detail, name="escalation"),
    path("escalations/<int:pk>/acknowledge/", escalations.acknowledge, name="escalation-acknowledge"),
    path("escalations/<int:pk>/resolve/", escalations.resolve, name="escalation-resolve"),
]
