"""The emulator's pages."""

from __future__ import annotations

from django.urls import include, path, re_path

from django_ory_mfa.testing.emulator import views

urlpatterns = [
    path("", views.index, name="index"),
    path("mailbox", views.mailbox, name="mailbox"),
    path("ui/", include("django_ory_mfa.contrib.ui.urls")),
    # Under the name that the pages know it by.
    path("", include(([path("sign-out", views.sign_out, name="logout")], "ory_mfa"))),
    re_path(r"^(?P<path>.+)$", views.static_file),
]
