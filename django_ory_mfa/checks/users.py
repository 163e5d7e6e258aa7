"""What ``django_ory_mfa.contrib.auth`` needs around it: middleware, backend, login URL and what is copied to users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from django_ory_mfa.checks.order import DJANGO_USERS, SESSION_MIDDLEWARE, USER_MIDDLEWARE, names, positions
from django_ory_mfa.conf import conf

APP = "django_ory_mfa.contrib.auth"
BACKEND = f"{APP}.backends.OryBackend"
USER_SYNC = f"{APP}.sync.UserSync"
LOGIN = "ory_mfa:login"

E020 = Error(
    "OryUserMiddleware is in MIDDLEWARE, and its app is not in INSTALLED_APPS.",
    hint=f"Add '{APP}' to INSTALLED_APPS, and run migrate.",
    id="ory_mfa.E020",
)
E021 = Error(
    "OryUserMiddleware stands before OrySessionMiddleware.",
    hint=f"Move it behind '{SESSION_MIDDLEWARE}', which gives it the session.",
    id="ory_mfa.E021",
)
E022 = Error(
    "A middleware behind OryUserMiddleware puts the user of the Django session in the place of that of Ory.",
    hint=f"Remove '{DJANGO_USERS}' from MIDDLEWARE: OryUserMiddleware stands in its place.",
    id="ory_mfa.E022",
)
E023 = Error(
    "LOGIN_URL is 'ory_mfa:login', and there is no such URL.",
    hint="Include 'django_ory_mfa.urls' in the URL configuration.",
    id="ory_mfa.E023",
)
E024 = Error(
    "ORY_MFA_USER_SYNC names no subclass of UserSync.",
    hint=f"Name one that can be imported; '{USER_SYNC}' is used where the setting is left out.",
    id="ory_mfa.E024",
)
W020 = checks.Warning(
    "django_ory_mfa.contrib.auth is installed, and request.user does not come from it.",
    hint=f"In MIDDLEWARE, put '{USER_MIDDLEWARE}' in the place of '{DJANGO_USERS}', after '{SESSION_MIDDLEWARE}'.",
    id="ory_mfa.W020",
)
W021 = checks.Warning(
    "OryBackend is not in AUTHENTICATION_BACKENDS.",
    hint=f"Set AUTHENTICATION_BACKENDS = ['{BACKEND}']: it gives users their permissions and takes no password.",
    id="ory_mfa.W021",
)


def check_user_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The middleware, its app and its backend come together, in order."""
    ours, is_installed = positions(USER_MIDDLEWARE), apps.is_installed(APP)
    if not ours:
        return [W020] if is_installed else []
    is_early = any(position > ours[0] for position in positions(SESSION_MIDDLEWARE))
    is_replaced = any(position > ours[-1] for position in positions(DJANGO_USERS))
    return [
        *([] if is_installed else [E020]),
        *([E021] if is_early else []),
        *([E022] if is_replaced else []),
        *([] if any(BACKEND in names(path) for path in settings.AUTHENTICATION_BACKENDS) else [W021]),
    ]


def check_login_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The page that ``LOGIN_URL`` names is there."""
    if str(settings.LOGIN_URL) != LOGIN:
        return []
    try:
        reverse(LOGIN)
    except NoReverseMatch:
        return [E023]
    return []


def check_user_sync(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What ``ORY_MFA_USER_SYNC`` names can copy to users."""
    try:
        path = conf.user_sync
    except ImproperlyConfigured:
        # E002 says so.
        return []
    return [E024] if path is not None and apps.is_installed(APP) and USER_SYNC not in names(path) else []


def takes_passwords() -> bool:
    """Whether somebody can sign in by another backend than ours."""
    return any(BACKEND not in names(path) for path in settings.AUTHENTICATION_BACKENDS)
