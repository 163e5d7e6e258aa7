"""Check what ``django_ory_mfa.contrib.auth`` needs: middleware, backend, ``LOGIN_URL`` and ``ORY_MFA_USER_SYNC``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from django_ory_mfa.checks.order import DJANGO_USERS, SESSION_MIDDLEWARE, USER_MIDDLEWARE, names, positions
from django_ory_mfa.conf import conf

APP = "django_ory_mfa.contrib.auth"
BACKEND = f"{APP}.backends.OryBackend"
USER_SYNC = f"{APP}.sync.UserSync"
LOGIN = "ory_mfa:login"

E020 = Error(
    "OryUserMiddleware is in MIDDLEWARE, but its app is not in INSTALLED_APPS.",
    hint=f"Add '{APP}' to INSTALLED_APPS, and run migrate.",
    id="ory_mfa.E020",
)
E021 = Error(
    "OryUserMiddleware comes before OrySessionMiddleware.",
    hint=f"Move it after '{SESSION_MIDDLEWARE}', which attaches the session.",
    id="ory_mfa.E021",
)
E022 = Error(
    "A middleware after OryUserMiddleware replaces Ory's user with the user of the Django session.",
    hint=f"Remove '{DJANGO_USERS}' from MIDDLEWARE: OryUserMiddleware replaces it.",
    id="ory_mfa.E022",
)
E023 = Error(
    "LOGIN_URL is 'ory_mfa:login', but there is no such URL.",
    hint="Include 'django_ory_mfa.urls' in the URL configuration.",
    id="ory_mfa.E023",
)
E024 = Error(
    "ORY_MFA_USER_SYNC is not a subclass of UserSync.",
    hint=f"Set it to a subclass that can be imported; '{USER_SYNC}' is used if the setting is left out.",
    id="ory_mfa.E024",
)
W020 = checks.Warning(
    "django_ory_mfa.contrib.auth is installed, but request.user does not come from it.",
    hint=f"In MIDDLEWARE, put '{USER_MIDDLEWARE}' in place of '{DJANGO_USERS}', after '{SESSION_MIDDLEWARE}'.",
    id="ory_mfa.W020",
)
W021 = checks.Warning(
    "OryBackend is not in AUTHENTICATION_BACKENDS.",
    hint=f"Set AUTHENTICATION_BACKENDS = ['{BACKEND}']: it gives users their permissions and takes no password.",
    id="ory_mfa.W021",
)


def check_user_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The middleware of users, its app and its backend are installed together, and in the right order."""
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
    """The page of ``LOGIN_URL`` exists, if it is the package's own."""
    if str(settings.LOGIN_URL) != LOGIN:
        return []
    try:
        reverse(LOGIN)
    except NoReverseMatch:
        return [E023]
    return []


def check_user_sync(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """``ORY_MFA_USER_SYNC``, if set, is a subclass of ``UserSync``."""
    try:
        path = conf.user_sync
    except ImproperlyConfigured:
        # E002 reports it.
        return []
    return [E024] if path is not None and apps.is_installed(APP) and USER_SYNC not in names(path) else []


def takes_passwords() -> bool:
    """Whether somebody can sign in by another backend than ours."""
    return any(BACKEND not in names(path) for path in settings.AUTHENTICATION_BACKENDS)


def has_own_find() -> bool:
    """Whether a middleware of the site finds users by a ``find()`` of its own."""
    ours = [import_string(settings.MIDDLEWARE[position]) for position in positions(USER_MIDDLEWARE)]
    return any(one.find is not import_string(USER_MIDDLEWARE).find for one in ours)
