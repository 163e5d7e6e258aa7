"""The Django app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, register
from django.utils.translation import gettext_lazy as _


class OryMFAConfig(AppConfig):
    """The app ``ory_mfa``, which registers the system checks."""

    name = "django_ory_mfa"
    label = "ory_mfa"
    verbose_name = _("Ory multi-factor authentication")

    def ready(self) -> None:
        """Register the checks; called by Django when all apps are loaded."""
        register(check_site, Tags.security)
        register(check_deployment, Tags.security, deploy=True)


def check_site(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Run the checks of every kind of site; they are imported here because servers never run them."""
    from django_ory_mfa import checks

    return [message for check in checks.ALL for message in check(app_configs)]


def check_deployment(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Run the checks of ``manage.py check --deploy``."""
    from django_ory_mfa import checks

    return [message for check in checks.DEPLOY for message in check(app_configs)]
