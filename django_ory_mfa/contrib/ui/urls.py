"""The ``ui_url`` of Kratos' flows; include them on the host that shares its cookies with Kratos."""

from __future__ import annotations

from django.urls import path

from django_ory_mfa.contrib.ui import views

app_name = "ory_ui"
urlpatterns = [
    path("login", views.login, name="login"),
    path("registration", views.registration, name="registration"),
    path("recovery", views.recovery, name="recovery"),
    path("verification", views.verification, name="verification"),
    path("settings", views.settings, name="settings"),
    path("error", views.error, name="error"),
    path("webauthn.js", views.script, name="script"),
]
