"""Check admin sites: that those of ``django_ory_mfa.contrib.admin`` are in use, and that what is declared is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve

from django_ory_mfa.checks.order import DJANGO_USERS, SESSION_MIDDLEWARE, USER_MIDDLEWARE, positions
from django_ory_mfa.checks.users import APP
from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import Requirement

KEYS = ("add", "change", "changelist", "delete", "history", "password")
SENSITIVE = "sensitive"
DECLARED = "ory_mfa_requirements"
CONFIG = "django_ory_mfa.contrib.admin.apps.AALAdminConfig"
LEVEL = "required_aal"
OWN_VIEW = "An admin_view() of your own has to call that of the mixin, and to use functools.wraps."

E030 = Error(
    "An admin site is behind Ory, but django_ory_mfa.contrib.auth is not installed.",
    hint=f"Add '{APP}' to INSTALLED_APPS: it gives staff their Django users.",
    id="ory_mfa.E030",
)
E032 = Error(
    "An admin site is behind Ory, but OryUserMiddleware is not in MIDDLEWARE, so no one can use it.",
    hint=f"Put '{USER_MIDDLEWARE}' in place of '{DJANGO_USERS}', after '{SESSION_MIDDLEWARE}'.",
    id="ory_mfa.E032",
)
W030 = checks.Warning(
    "LOGIN_URL is the sign-in of the admin, which sends staff back to where they came from.",
    hint="Set LOGIN_URL = 'ory_mfa:login', or people who lack a permission are redirected in a loop.",
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


def replaced_site(config: AppConfig, site: Any) -> Error:
    """Return the error for an ``admin.site`` that is not the one of ``config``, and not behind Ory either."""
    name = site.__class__.__name__
    return _not_behind_ory(
        f"{type(config).__name__} is in INSTALLED_APPS, and admin.site is of the class {name}, which",
        "Name a site with AALAdminSiteMixin in default_site. Some themes replace admin.site when they are loaded: "
        f"have 'unfold.apps.BasicAppConfig' in INSTALLED_APPS in place of 'unfold', which does not. {OWN_VIEW}",
    )


def open_site(site: Any) -> Error:
    """Return the error for a site with ``AALAdminSiteMixin`` whose pages do not pass its guard."""
    subject = f"The admin site {site.name!r} is of the class {type(site).__name__}, which has AALAdminSiteMixin, and"
    return _not_behind_ory(subject, OWN_VIEW, type(site))


def _not_behind_ory(subject: str, hint: str, owner: type | None = None) -> Error:
    return Error(f"{subject} is not behind Ory.", hint=hint, obj=owner, id="ory_mfa.E033")


def unread_attribute(owner: type, name: str) -> Error:
    """Return the error for an attribute of an admin or inline that nothing reads."""
    return Error(
        f"{owner.__module__}.{owner.__qualname__} has {name}, which nothing reads there.",
        hint=(
            "ory_mfa_requirements belongs to a ModelAdmin of a site behind Ory; what it says of add, change and delete "
            "holds in inlines, too. required_aal belongs to the site."
        ),
        obj=owner,
        id="ory_mfa.E034",
    )


def check_admin_sites(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The site of ``AALAdminConfig`` is in use, its sign-in is not ``LOGIN_URL``, and what is declared is read."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    # Not in the check of each site: this loads the URL configuration, which may make another site, and Django looks
    # through its sites meanwhile.
    sites = list(import_module("django.contrib.admin.sites").all_sites)
    return [
        *_replaced(),
        *_open(sites),
        *(W030 for site in sites if is_behind_ory(site) and _is_login_url(site)),
        *_unread(sites),
    ]


def _replaced() -> Iterator[CheckMessage]:
    for config in _configs():
        site = getattr(config.module, "site", None)
        if not is_behind_ory(site):
            yield replaced_site(config, site)


def _configs() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if CONFIG in _names_of(type(config))]


def _open(sites: Sequence[Any]) -> list[CheckMessage]:
    # What is in the place of admin.site is named with the app config.
    named = [getattr(config.module, "site", None) for config in _configs()]
    found = [open_site(site) for site in sites if _has_mixin(site) and not is_behind_ory(site) and site not in named]
    # Django keeps its sites in no order.
    return sorted(found, key=lambda message: str(message.msg))


def _unread(sites: Sequence[Any]) -> list[CheckMessage]:
    guarded = {type(one) for site in sites if is_behind_ory(site) for one in site._registry.values()}
    every = {type(one): one for site in sites for one in site._registry.values()}
    unread = {
        (owner, name)
        for one in every.values()
        for owner, names in _declaring(one, is_guarded=type(one) in guarded)
        for name in names
        if getattr(owner, name, None)
    }
    # Django keeps its sites in no order.
    return sorted((unread_attribute(owner, name) for owner, name in unread), key=lambda message: str(message.msg))


def _declaring(model_admin: Any, *, is_guarded: bool) -> Iterator[tuple[type, tuple[str, ...]]]:
    """Yield the classes of ``model_admin`` and its inlines, and the attributes that are read elsewhere only."""
    yield type(model_admin), (LEVEL,) if is_guarded else (LEVEL, DECLARED)
    yield from ((inline, (LEVEL, DECLARED)) for inline in _inlines_of(model_admin, set()))


def _inlines_of(owner: Any, seen: set[type]) -> Iterator[type]:
    """Yield the classes of the inlines of ``owner``, and of those in their rows, as themes have them."""
    for inline in getattr(owner, "inlines", None) or ():
        if inline not in seen:
            seen.add(inline)
            yield inline
            yield from _inlines_of(inline, seen)


def _names_of(known: type) -> set[str]:
    return {f"{base.__module__}.{base.__qualname__}" for base in known.__mro__}


def is_behind_ory(site: Any) -> bool:
    """Whether the pages of ``site`` pass the guard of ``AALAdminSiteMixin``, and not only: it inherits from it."""
    return _has_mixin(site) and any(site.ory_mfa_guards_of(site.index))


def _has_mixin(site: Any) -> bool:
    return hasattr(site, "ory_mfa_guards_of")


def messages_of(site: Any, names_of: Callable[[Any], set[str]]) -> Iterator[CheckMessage]:
    """Yield the errors of ``site``, an admin site behind Ory, and of its model admins.

    ``names_of`` returns the names of the actions of a model admin, and of the views that it adds.
    """
    if not apps.is_installed(APP):
        yield E030
    if not positions(USER_MIDDLEWARE):
        yield E032
    for name in ("required_aal", "sensitive"):
        if not _is_requirement(getattr(site, name)):
            yield odd_requirement(site, name, f"is {getattr(site, name)!r}, which is no requirement")
    for model_admin in site._registry.values():
        yield from _of(model_admin, names_of)


def _of(model_admin: Any, names_of: Callable[[Any], set[str]]) -> Iterator[CheckMessage]:
    try:
        declared = dict(getattr(model_admin, DECLARED, None) or {})
    except (TypeError, ValueError):
        yield odd_requirement(model_admin, DECLARED, "is no dict")
        return
    known = {*KEYS, *names_of(model_admin)} if declared else ()
    for key, value in declared.items():
        if key not in known:
            problem = f"has the key {key!r}, which is no view and no action"
            yield odd_requirement(model_admin, DECLARED, problem)
        if value != SENSITIVE and not _is_requirement(value):
            problem = f"has the value {value!r}, which is no requirement"
            yield odd_requirement(model_admin, DECLARED, problem)


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
