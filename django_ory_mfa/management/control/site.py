"""What the settings of this site declare about Ory."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.findings import Declared


def declared() -> Declared:
    """Return what the settings declare; raises ``ControlError`` if one of them is invalid."""
    try:
        return Declared(conf.whoami_required_aal, conf.settings_required_aal, conf.application_url())
    except ImproperlyConfigured as error:
        raise ControlError(str(error)) from error
