"""The app config that takes the place of ``django.contrib.admin`` in ``INSTALLED_APPS``."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig
from django.core import checks


class AALAdminConfig(AdminConfig):
    """``django.contrib.admin`` with ``AALAdminSite`` as its site; a subclass may name another in ``default_site``."""

    default_site = "django_ory_mfa.contrib.admin.sites.AALAdminSite"

    def ready(self) -> None:
        """Called by Django when all apps are loaded."""
        from django_ory_mfa.contrib.admin.checks import check_requirements, check_users

        super().ready()
        checks.register(check_requirements, checks.Tags.admin)
        checks.register(check_users, checks.Tags.admin)
