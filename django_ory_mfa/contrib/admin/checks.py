"""System checks of the admin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin.sites import all_sites
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.admin.requirements import KEYS, SENSITIVE, declared_by
from django_ory_mfa.contrib.admin.sites import AALAdminSiteMixin
from django_ory_mfa.core.requirement import Requirement

E020 = Error(
    "django_ory_mfa.contrib.admin is installed without django_ory_mfa.contrib.auth.",
    hint="Add 'django_ory_mfa.contrib.auth' to INSTALLED_APPS: it gives staff their Django users.",
    id="ory_mfa.E020",
)


def odd_requirement(model_admin: Any, problem: str) -> Error:
    """Something in ``ory_mfa_requirements`` that nothing can be made of."""
    return Error(
        f"{type(model_admin).__name__}.ory_mfa_requirements {problem}.",
        hint=(
            f"Keys are {', '.join(KEYS.values())} and the names of actions; values are 'sensitive', levels, names in "
            "ORY_MFA_POLICIES or Requirement values."
        ),
        obj=type(model_admin),
        id="ory_mfa.E021",
    )


def check_users(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Staff have Django users."""
    return [] if apps.is_installed("django_ory_mfa.contrib.auth") else [E020]


def check_requirements(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What model admins ask for can be understood."""
    model_admins = (
        model_admin
        for site in all_sites
        if isinstance(site, AALAdminSiteMixin)
        for model_admin in site._registry.values()  # type: ignore[attr-defined]  # of the AdminSite
    )
    return [message for model_admin in model_admins for message in _of(model_admin)]


def _of(model_admin: Any) -> Iterator[CheckMessage]:
    try:
        declared = declared_by(model_admin)
    except (TypeError, ValueError):
        yield odd_requirement(model_admin, "is no dict")
        return
    known = {*KEYS.values(), *_action_names(model_admin)}
    for key, value in declared.items():
        if key not in known:
            yield odd_requirement(model_admin, f"has the key {key!r}, which is no view and no action")
        if not _is_requirement(value):
            yield odd_requirement(model_admin, f"has the value {value!r}, which is no requirement")


def _action_names(model_admin: Any) -> set[str]:
    return {"delete_selected"} | {name for _function, name, _description in model_admin._get_base_actions()}


def _is_requirement(value: object) -> bool:
    if not isinstance(value, str):
        return isinstance(value, Requirement)
    try:
        return value == SENSITIVE or conf.requirement(value) is not None
    except ValueError:
        return False
    except ImproperlyConfigured:
        # Another check reports it.
        return True
