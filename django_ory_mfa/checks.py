"""System checks. None of them touches the network; each message has a hint that says what to change."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_ory_mfa.conf import Conf, conf

TAG = Tags.security
SESSION_MIDDLEWARE = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY_MIDDLEWARE = "django_ory_mfa.middleware.AALRequiredMiddleware"
BEFORE_OURS = (
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
AFTER_OURS = (
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
)
NAMES = tuple(
    f"ORY_MFA_{name.upper()}" for name, value in vars(Conf).items() if isinstance(value, property) and name != "flows"
)

E001 = Error(
    "ORY_MFA_SDK_URL is not set.",
    hint="Set it to the URL of Ory: https://<slug>.projects.oryapis.com, or http://127.0.0.1:4433 for a local Kratos.",
    id="ory_mfa.E001",
)
E003 = Error(
    "OrySessionMiddleware is not in MIDDLEWARE.",
    hint=f"Add '{SESSION_MIDDLEWARE}' after Django's session, CSRF and authentication middleware.",
    id="ory_mfa.E003",
)
E004 = Error(
    "AALRequiredMiddleware stands before OrySessionMiddleware.",
    hint=f"Move it behind '{SESSION_MIDDLEWARE}', which gives it the session.",
    id="ory_mfa.E004",
)
W003 = checks.Warning(
    "ORY_MFA_SETTINGS_REQUIRED_AAL is 'aal1': whoever knows a password can then reach aal2.",
    hint=(
        "At aal1 Ory's settings flow lets people set up a second factor, which raises the same session to aal2. Set "
        "selfservice.flows.settings.required_aal to highest_available at Ory, and this setting to the same."
    ),
    id="ory_mfa.W003",
)


def odd_setting(name: str, error: Exception) -> Error:
    """A setting that makes no sense."""
    return Error(str(error), hint=f"Correct {name}, or remove it to get the default.", id="ory_mfa.E002")


def unknown_setting(name: str) -> checks.Warning:
    """A setting that nobody reads."""
    close = get_close_matches(name, NAMES, n=1, cutoff=0)
    return checks.Warning(
        f"{name} is no setting of django-ory-mfa.", hint=f"Did you mean {close[0]}?", id="ory_mfa.W001"
    )


def out_of_order(path: str, *, before: bool) -> checks.Warning:
    """A middleware on the wrong side of ours."""
    side = "before" if before else "after"
    return checks.Warning(
        f"{path.rpartition('.')[2]} has to stand {side} OrySessionMiddleware.",
        hint=f"In MIDDLEWARE, move '{path}' {side} '{SESSION_MIDDLEWARE}'.",
        id="ory_mfa.W002",
    )


def check_values(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting can be read."""
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
    """Every ``ORY_MFA_`` setting is one."""
    given = {name for name in dir(settings) if name.startswith("ORY_MFA_")}
    return [unknown_setting(name) for name in sorted(given.difference(NAMES))]


def check_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Our middleware is there, and on the right side of the others."""
    ours = _positions(SESSION_MIDDLEWARE)
    if not ours:
        return [E003]
    late = [path for path in BEFORE_OURS if any(position > ours[0] for position in _positions(path))]
    early = [path for path in AFTER_OURS if any(position < ours[0] for position in _positions(path))]
    is_first = any(position < ours[0] for position in _positions(POLICY_MIDDLEWARE))
    return [
        *([E004] if is_first else []),
        *(out_of_order(path, before=True) for path in late),
        *(out_of_order(path, before=False) for path in early),
    ]


def check_claims(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ory's settings flow asks for as much as it can."""
    return [W003] if getattr(settings, "ORY_MFA_SETTINGS_REQUIRED_AAL", None) == "aal1" else []


ALL = (check_values, check_names, check_middleware, check_claims)


def _positions(path: str) -> list[int]:
    """Where the middleware named by ``path`` or a subclass of it stands in ``MIDDLEWARE``."""
    return [index for index, entry in enumerate(settings.MIDDLEWARE) if path in _names(entry)]


def _names(path: str) -> set[str]:
    """The dotted names of a class and its bases; what cannot be imported is Django's to report."""
    try:
        entry = import_string(path)
    except Exception:
        return {path}
    return {path} | {f"{base.__module__}.{base.__qualname__}" for base in getattr(entry, "__mro__", ())}
