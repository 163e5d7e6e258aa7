"""The app config that takes the place of ``django.contrib.admin`` in ``INSTALLED_APPS``."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class AALAdminConfig(AdminConfig):
    """``django.contrib.admin`` with ``AALAdminSite`` as its site; a subclass may name another in ``default_site``."""

    default_site = "django_ory_mfa.contrib.admin.sites.AALAdminSite"
