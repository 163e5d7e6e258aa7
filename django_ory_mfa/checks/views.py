"""Check what views, rules and settings require: Ory can tell whether it is met, and somebody can meet it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.checks.urlconf import SiteView, site_views
from django_ory_mfa.conf import conf
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, Requirement
from django_ory_mfa.guard.declarations import Configured, declared_by

# https://www.ory.sh/docs/kratos/concepts/credentials. Which methods are second factors depends on Ory's configuration.
NEVER_SECOND = frozenset({"password", "passkey", "code_recovery", "link_recovery", "v0.6_legacy_session"})
MAYBE_SECOND = frozenset({"totp", "lookup_secret", "webauthn", "code", "oidc", "saml", "deviceauthn"})
SHOWN = 3

Use = tuple[str, Requirement]


def unclaimed(places: Sequence[str]) -> checks.Warning:
    """Return W004: ``highest_available`` is used, but no setting tells how Ory is configured."""
    return checks.Warning(
        f"highest_available is required by {listed(places)}, but no setting declares how Ory is configured.",
        hint=(
            "People without a second factor then have to set one up, as for aal2. If Ory's "
            "session.whoami.required_aal is highest_available, declare it in ORY_MFA_WHOAMI_REQUIRED_AAL; if "
            "selfservice.flows.settings.required_aal is, declare it in ORY_MFA_SETTINGS_REQUIRED_AAL."
        ),
        id="ory_mfa.W004",
    )


def too_weak_methods(place: str, requirement: Requirement) -> Error:
    """Return E005: none of the methods can reach the level."""
    return Error(
        f"{place} requires {requirement.aal} by {listed(_sorted(requirement))}, never a second factor at Ory.",
        hint="Name a method that is a second factor, such as 'totp', or require the level alone.",
        id="ory_mfa.E005",
    )


def unknown_methods(place: str, methods: Sequence[str]) -> checks.Warning:
    """Return W009: a method is unknown to Ory."""
    return checks.Warning(
        f"{place} requires {listed(methods)}, which Ory does not know as a method.",
        hint=f"Ory's methods are {', '.join(sorted(MAYBE_SECOND | NEVER_SECOND))}.",
        id="ory_mfa.W009",
    )


def odd_view(place: str, error: Exception) -> Error:
    """Return E006: the declaration of a view is invalid, so every request to it fails."""
    return Error(
        f"{place} declares an invalid requirement: {error}",
        hint="Correct required_aal, max_age or methods of the view, or ORY_MFA_AAL, which they add to.",
        id="ory_mfa.E006",
    )


def check_highest_available(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """If ``highest_available`` is used, the settings declare how Ory is configured."""
    try:
        if HIGHEST_AVAILABLE in (conf.whoami_required_aal, conf.settings_required_aal):
            return []
    except ImproperlyConfigured:
        # check_values reports it.
        return []
    places = [place for place, requirement in _uses([]) if requirement.aal == HIGHEST_AVAILABLE]
    return [unclaimed(places)] if places else []


def check_methods(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The required methods are known, and can reach the required level."""
    messages: list[CheckMessage] = []
    for place, requirement in _uses(messages):
        methods = requirement.methods or frozenset()
        unknown = methods - NEVER_SECOND - MAYBE_SECOND
        if unknown:
            messages.append(unknown_methods(place, sorted(unknown)))
        # With highest_available too: people who used a second factor would never pass.
        elif methods and methods <= NEVER_SECOND and requirement.aal != "aal1":
            messages.append(too_weak_methods(place, requirement))
    return messages


def _uses(problems: list[CheckMessage]) -> Iterator[Use]:
    """Yield every requirement that is known without a request, and its place; appends invalid ones to ``problems``."""
    yield from _uses_of_settings()
    for route, declared in _declarations(problems):
        if isinstance(declared, Requirement):
            yield route, declared


def _uses_of_settings() -> Iterator[Use]:
    try:
        yield "ORY_MFA_AAL", conf.requirement(conf.aal)
        yield from (("ORY_MFA_POLICIES", requirement) for requirement in conf.policies.values())
        wanted = (rule.requirement for rule in conf.rules)
        yield from (("ORY_MFA_RULES", requirement) for requirement in wanted if isinstance(requirement, Requirement))
    except ImproperlyConfigured:
        # check_values reports it.
        return


def _declarations(problems: list[CheckMessage]) -> Iterator[tuple[str, object]]:
    for site_view in every_view():
        try:
            settled = [_settled(declared) for declared in declared_by(site_view.view)]
        except (ImproperlyConfigured, TypeError, ValueError) as error:
            problems.append(odd_view(site_view.route, error))
        else:
            yield from ((site_view.route, declared) for declared in settled)


def _settled(declared: object) -> object:
    # A declaration by settings alone is reported for the settings.
    if isinstance(declared, Configured) and (declared.methods or declared.max_age):
        return declared.requirement()
    return declared


def every_view() -> list[SiteView]:
    """Return the views of the URL configuration; none if it cannot be imported, which Django reports."""
    try:
        return list(site_views())
    except Exception:
        return []


def _sorted(requirement: Requirement) -> list[str]:
    return sorted(requirement.methods or ())


def listed(words: Sequence[str]) -> str:
    """Return the first of ``words``, and how many more there are."""
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
