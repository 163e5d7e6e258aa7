"""Check the admin sites of ``django_ory_mfa.contrib.admin``; Django calls the check for each site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve

from django_ory_mfa.checks.users import APP
from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import Requirement

KEYS = ("add", "change", "changelist", "delete", "history", "password")
SENSITIVE = "sensitive"

E030 = Error(
    "An admin site is behind Ory, and django_ory_mfa.contrib.auth is not installed.",
    hint=f"Add '{APP}' to INSTALLED_APPS: it gives staff their Django users.",
    id="ory_mfa.E030",
)
W030 = checks.Warning(
    "LOGIN_URL is the sign-in of the admin, which sends staff back to where they came from.",
    hint="Set LOGIN_URL = 'ory_mfa:login', or people who lack a permission are sent in circles.",
    id="ory_mfa.W030",
)


def odd_requirement(owner: Any, name: str, problem: str) -> Error:
    """Return the error for an invalid value of the attribute ``name`` of an admin."""
    return Error(
        f"{type(owner).__name__}.{name} {problem}.",
        hint=(
            f"Keys are {', '.join(KEYS)} and the names of actions and of views that the model admin adds. Values are "
            "levels, names in ORY_MFA_POLICIES and Requirement values, and 'sensitive' in a ModelAdmin."
        ),
        obj=type(owner),
        id="ory_mfa.E031",
    )


def messages_of(site: Any, names_of: Callable[[Any], set[str]]) -> Iterator[CheckMessage]:
    """Yield the errors of ``site``, an admin site behind Ory, and of its model admins.

    ``names_of`` returns the names of the actions of a model admin, and of the views that it adds.
    """
    if not apps.is_installed(APP):
        yield E030
    if _is_login_url(site):
        yield W030
    for name in ("required_aal", "sensitive"):
        if not _is_requirement(getattr(site, name)):
            yield odd_requirement(site, name, f"is {getattr(site, name)!r}, which is no requirement")
    for model_admin in site._registry.values():
        yield from _of(model_admin, names_of)


def _of(model_admin: Any, names_of: Callable[[Any], set[str]]) -> Iterator[CheckMessage]:
    try:
        declared = dict(getattr(model_admin, "ory_mfa_requirements", None) or {})
    except (TypeError, ValueError):
        yield odd_requirement(model_admin, "ory_mfa_requirements", "is no dict")
        return
    known = {*KEYS, *names_of(model_admin)} if declared else ()
    for key, value in declared.items():
        if key not in known:
            problem = f"has the key {key!r}, which is no view and no action"
            yield odd_requirement(model_admin, "ory_mfa_requirements", problem)
        if value != SENSITIVE and not _is_requirement(value):
            problem = f"has the value {value!r}, which is no requirement"
            yield odd_requirement(model_admin, "ory_mfa_requirements", problem)


def _is_requirement(value: object) -> bool:
    if not isinstance(value, str):
        return isinstance(value, Requirement)
    try:
        return isinstance(conf.requirement(value), Requirement)
    except ValueError:
        return False
    except ImproperlyConfigured:
        # ORY_MFA_POLICIES is invalid, which E002 reports.
        return True


def _is_login_url(site: Any) -> bool:
    try:
        return bool(resolve(resolve_url(settings.LOGIN_URL)).func == site.login)
    except (NoReverseMatch, Resolver404):
        return False
