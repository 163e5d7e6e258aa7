"""The app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OryUsersConfig(AppConfig):
    """Links Ory identities to Django users."""

    name = "django_ory_mfa.contrib.auth"
    label = "ory_mfa_auth"
    verbose_name = _("Ory users")
    default_auto_field = "django.db.models.BigAutoField"
