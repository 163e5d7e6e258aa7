"""URLs that make an admin site when they are loaded, as those of many projects do."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

late = admin.AdminSite(name="late")
urlpatterns = [
    path("admin/", admin.site.urls),
    path("late/", late.urls),
    path("account/security/", include("django_ory_mfa.urls")),
]
