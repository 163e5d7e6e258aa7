"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class OryMFAConfig(AppConfig):
    """The app ``ory_mfa``, which registers the system checks."""

    name = "django_ory_mfa"
    label = "ory_mfa"
    verbose_name = _("Ory multi-factor authentication")

    def ready(self) -> None:
        """Register the checks; called by Django when all apps are loaded."""
        from django_ory_mfa import checks

        for check in checks.ALL:
            register(check, checks.TAG)
        for check in checks.DEPLOY:
            register(check, checks.TAG, deploy=True)
