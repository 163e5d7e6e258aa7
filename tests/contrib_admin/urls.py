from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import include, path

plain = AdminSite(name="plain")
urlpatterns = [
    path("admin/doc/", include("django.contrib.admindocs.urls")),
    path("admin/", admin.site.urls),
    path("plain/", plain.urls),
    path("account/security/", include("django_ory_mfa.urls")),
]
