from django.urls import path

from accounts.views import account, escalations, history, opinion, policies, portfolio, profile, reports, what_if

urlpatterns = [
    path("", portfolio.portfolio, name="portfolio"),
    path("accounts/<int:pk>/", account.account, name="account"),
    path("accounts/<int:pk>/scan/", account.scan_now, name="account-scan"),
    path("accounts/<int:pk>/history/", history.history, name="account-history"),
    path("accounts/<int:pk>/receipts/<int:scan>/", history.receipt, name="account-receipt"),
    path("accounts/<int:pk>/what-if/", what_if.what_if, name="account-what-if"),
    path("accounts/<int:pk>/opinion/", opinion.give, name="account-opinion"),
    path("accounts/<int:pk>/opinion/withdraw/", opinion.withdraw, name="account-opinion-withdraw"),
    path("accounts/<int:pk>/profile/<slug:part>/", profile.add, name="profile-add"),
    path("accounts/<int:pk>/profile/<slug:part>/rows/", profile.rows, name="profile-rows"),
    path("accounts/<int:pk>/profile/<slug:part>/<int:row>/", profile.edit, name="profile-edit"),
    path("accounts/<int:pk>/profile/<slug:part>/<int:row>/remove/", profile.remove, name="profile-remove"),
    path("escalations/", escalations.queue, name="escalations"),
    path("escalations/<int:pk>/", escalations.detail, name="escalation"),
    path("escalations/<int:pk>/acknowledge/", escalations.acknowledge, name="escalation-acknowledge"),
    path("escalations/<int:pk>/resolve/", escalations.resolve, name="escalation-resolve"),
    path("reports/", reports.reports, name="reports"),
    path("policies/", policies.versions, name="policies"),
    path("policies/<int:version>/", policies.version, name="policy"),
    path("policies/<int:version>/backtest/", policies.start, name="policy-backtest"),
    path("policies/<int:version>/activate/", policies.activate, name="policy-activate"),
    path("policies/<int:version>/copy/", policies.copy, name="policy-copy"),
]
