"""Check for views that use two sign-ins, Django's and Ory's, which may be those of two people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.checks.order import DJANGO_USERS, POLICY_MIDDLEWARE, USER_MIDDLEWARE, positions
from django_ory_mfa.checks.urlconf import SiteView
from django_ory_mfa.checks.views import every_view, listed
from django_ory_mfa.guard.declarations import class_of, declared_by
from django_ory_mfa.guard.site_policy import demands_on

LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
ACCESS_MIXIN = "django.contrib.auth.mixins.AccessMixin"


def two_sign_ins(routes: Sequence[str]) -> checks.Warning:
    """Return W022: the level is judged by Ory's session, and the user comes from Django's."""
    return checks.Warning(
        f"{listed(routes)}: the level comes from Ory's session and the user from Django's own sign-in. They may be two "
        "different people.",
        hint=(
            f"Install django_ory_mfa.contrib.auth, and put '{USER_MIDDLEWARE}' in place of '{DJANGO_USERS}'; or let "
            "these views use only one of the two. If your own middleware makes sure that both are the same person, "
            "silence the check."
        ),
        id="ory_mfa.W022",
    )


def check_two_sign_ins(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A level of Ory and a Django user that one view needs belong to the same person."""
    if not positions(DJANGO_USERS) or positions(USER_MIDDLEWARE):
        return []
    routes = [site_view.route for site_view in every_view() if _asks_both(site_view)]
    return [two_sign_ins(routes)] if routes else []


def _asks_both(site_view: SiteView) -> bool:
    return _asks_for_user(site_view.view) and _asks_for_level(site_view)


def _asks_for_user(view: Any) -> bool:
    bases = getattr(class_of(view), "__mro__", ())
    if any(f"{base.__module__}.{base.__qualname__}" == ACCESS_MIXIN for base in bases):
        return True
    # Django's decorators and its admin leave the first mark for this middleware, login_not_required the second.
    return hasattr(view, "login_url") or (bool(positions(LOGIN_REQUIRED)) and getattr(view, "login_required", True))


def _asks_for_level(site_view: SiteView) -> bool:
    try:
        if positions(POLICY_MIDDLEWARE):
            return any(demand.can_refuse for demand in demands_on(site_view.view, site_view.route))
        return bool(declared_by(site_view.view))
    except (ImproperlyConfigured, TypeError, ValueError):
        # E002 and E006 report it.
        return False
