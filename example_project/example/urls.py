from __future__ import annotations

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from example import views

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("profile/", views.profile, name="profile"),
    path("account/", views.account, name="account"),
    path("transfer/", views.transfer, name="transfer"),
    path("keys/", views.keys, name="keys"),
    path("api/me/", views.api, name="api"),
    path("inbox/", views.inbox, name="inbox"),
    path("payroll/", views.Payroll.as_view(), name="payroll"),
    path("reports/", views.reports, name="reports"),
    path("account/security/", include("django_ory_mfa.urls")),
    # The stylesheet while DEBUG is on; in production a proxy serves what collectstatic gathered.
    *staticfiles_urlpatterns(),
]
