"""What the settings of this site declare about Ory, and what they need its cookie to be."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.management.control.cookies import ExpectedCookie
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.findings import Declared


def declared() -> Declared:
    """Return what the settings declare; raises ``ControlError`` if one of them is invalid."""
    try:
        return Declared(conf.whoami_required_aal, conf.settings_required_aal, conf.application_url())
    except ImproperlyConfigured as error:
        raise ControlError(str(error)) from error


def expected_cookie() -> ExpectedCookie:
    """Return what the settings need Ory's cookie to be; hosts are unknown without the settings that name them."""
    try:
        ory, name = urlsplit(conf.browser_url).hostname, conf.session_cookie
    except ImproperlyConfigured:
        # declared() reports a setting that is invalid; the URL of Ory may be missing while a file is looked at.
        return ExpectedCookie()
    site = conf.site_url
    return ExpectedCookie(name, ory, None if site is None else urlsplit(site).hostname)
