"""Check that the package's middleware is installed, and in the right order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

SESSION_MIDDLEWARE = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY_MIDDLEWARE = "django_ory_mfa.middleware.AALRequiredMiddleware"
DJANGO_USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
# A subclass of Django's AuthenticationMiddleware that must come after ours, because it reads the Ory session.
USER_MIDDLEWARE = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
BEFORE_OURS = (
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    DJANGO_USERS,
    "django.contrib.messages.middleware.MessageMiddleware",
)
AFTER_OURS = (
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
)

E003 = Error(
    "OrySessionMiddleware is not in MIDDLEWARE.",
    hint=f"Add '{SESSION_MIDDLEWARE}' after Django's session, CSRF and authentication middleware.",
    id="ory_mfa.E003",
)
E004 = Error(
    "AALRequiredMiddleware comes before OrySessionMiddleware.",
    hint=f"Move it after '{SESSION_MIDDLEWARE}', which attaches the session.",
    id="ory_mfa.E004",
)
E008 = Error(
    "OrySessionMiddleware is in MIDDLEWARE more than once.",
    hint="Keep one. The second forgets what the first noted of a request, such as whose page the browser asks about.",
    id="ory_mfa.E008",
)


def out_of_order(path: str, *, before: bool) -> checks.Warning:
    """Return W002: a middleware is on the wrong side of ours."""
    side = "before" if before else "after"
    return checks.Warning(
        f"{path.rpartition('.')[2]} has to come {side} OrySessionMiddleware.",
        hint=f"In MIDDLEWARE, move '{path}' {side} '{SESSION_MIDDLEWARE}'.",
        id="ory_mfa.W002",
    )


def check_middleware(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Our middleware is installed, and in the right order."""
    ours = positions(SESSION_MIDDLEWARE)
    if not ours:
        return [E003]
    late = [path for path in BEFORE_OURS if any(position > ours[0] for position in positions(path))]
    early = [path for path in AFTER_OURS if any(position < ours[0] for position in positions(path))]
    is_first = any(position < ours[0] for position in positions(POLICY_MIDDLEWARE))
    return [
        *([E004] if is_first else []),
        *([E008] if len(ours) > 1 else []),
        *(out_of_order(path, before=True) for path in late),
        *(out_of_order(path, before=False) for path in early),
    ]


def positions(path: str) -> list[int]:
    """Return the indexes in ``MIDDLEWARE`` of the middleware ``path`` and of its subclasses.

    ``OryUserMiddleware`` and its subclasses do not count as subclasses of Django's ``AuthenticationMiddleware``.
    """
    other = USER_MIDDLEWARE if path == DJANGO_USERS else None
    found = [(index, names(entry)) for index, entry in enumerate(settings.MIDDLEWARE)]
    return [index for index, known in found if path in known and other not in known]


def names(path: str) -> set[str]:
    """Return the dotted names of a class and its bases; ``path`` alone if Django cannot import it."""
    try:
        entry = import_string(path)
    except Exception:
        return {path}
    return {path} | {f"{base.__module__}.{base.__qualname__}" for base in getattr(entry, "__mro__", ())}
