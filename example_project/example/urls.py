from __future__ import annotations

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

from example import views
from example.api.config import API_APPS

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
    path("balance/", views.balance, name="balance"),
    path("reports/", views.reports, name="reports"),
    path("scripts/", include("example.scripts")),
    *([path("api/v1/", include("example.api.urls"))] if API_APPS else []),
    path("shop/", include("shop.urls")),
    path("admin/", admin.site.urls),
    path("account/security/", include("django_ory_mfa.urls")),
    # The sign-in and settings pages of a Kratos of your own: its ui_url. Ory Network and the emulator have theirs.
    path("ory-ui/", include("django_ory_mfa.contrib.ui.urls")),
    # The stylesheets while DEBUG is on; in production a proxy serves what collectstatic gathered.
    *staticfiles_urlpatterns(),
]
