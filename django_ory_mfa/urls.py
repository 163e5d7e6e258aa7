"""The URLs of the package's own pages; include them under any path of the site."""

from __future__ import annotations

from django.urls import path

from django_ory_mfa import views

app_name = "ory_mfa"
urlpatterns = [
    path("", views.settings, name="settings"),
    path("login/", views.login, name="login"),
    path("step-up/", views.step_up, name="step_up"),
    path("done/", views.done, name="done"),
    path("logout/", views.logout, name="logout"),
]
