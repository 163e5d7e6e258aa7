"""Check the package's settings: all are valid, none is misspelt, and none of them allows a bypass."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import Conf, conf

NAMES = tuple(
    f"ORY_MFA_{name.upper()}" for name, value in vars(Conf).items() if isinstance(value, property) and name != "flows"
)

E001 = Error(
    "ORY_MFA_SDK_URL is not set.",
    hint="Set it to the URL of Ory: https://<slug>.projects.oryapis.com, or http://localhost:4433 for a local Kratos.",
    id="ory_mfa.E001",
)
W003 = checks.Warning(
    "ORY_MFA_SETTINGS_REQUIRED_AAL is 'aal1': anybody who knows a password can then reach aal2.",
    hint=(
        "At aal1 people can set up a second factor in Ory's settings flow, which raises the same session to aal2. Set "
        "selfservice.flows.settings.required_aal to highest_available at Ory, and this setting to the same value."
    ),
    id="ory_mfa.W003",
)


def odd_setting(name: str, error: Exception) -> Error:
    """Return E002: a setting is invalid."""
    is_needed = name == "ORY_MFA_SDK_URL"
    hint = (
        f"Correct {name}: https://<slug>.projects.oryapis.com, or http://localhost:4433 for a local Kratos."
        if is_needed
        else f"Correct {name}, or remove it to use the default."
    )
    return Error(str(error), hint=hint, id="ory_mfa.E002")


def unknown_setting(name: str) -> checks.Warning:
    """Return W001: a setting has an unknown name."""
    close = get_close_matches(name, NAMES, n=1, cutoff=0)
    return checks.Warning(
        f"{name} is not a setting of django-ory-mfa.", hint=f"Did you mean {close[0]}?", id="ory_mfa.W001"
    )


def check_values(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No required setting is missing, and every setting is valid."""
    if not getattr(settings, "ORY_MFA_SDK_URL", None):
        return [E001]
    messages: list[CheckMessage] = []
    for name in NAMES:
        try:
            getattr(conf, name.removeprefix("ORY_MFA_").lower())
        except ImproperlyConfigured as error:
            if str(error).startswith(name):
                messages.append(odd_setting(name, error))
    return messages


def check_names(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The package knows every ``ORY_MFA_`` setting."""
    given = {name for name in dir(settings) if name.startswith("ORY_MFA_")}
    return [unknown_setting(name) for name in sorted(given.difference(NAMES))]


def check_claims(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``ORY_MFA_SETTINGS_REQUIRED_AAL`` declares no configuration that allows a bypass."""
    return [W003] if getattr(settings, "ORY_MFA_SETTINGS_REQUIRED_AAL", None) == "aal1" else []
