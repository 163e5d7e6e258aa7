"""Runs all checks: the system checks of the settings, then the checks of Ory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.management.doctor import cookies, levels, reaching, returning
from django_ory_mfa.management.doctor.collect import Given, collect
from django_ory_mfa.management.doctor.facts import Facts
from django_ory_mfa.management.doctor.results import Result, skipped
from django_ory_mfa.management.doctor.system import claims, claims_of_settings, results_of_settings
from django_ory_mfa.management.doctor.users import results_of_users

Check = Callable[[Facts], Iterable[Result]]

OF_REACHING: Sequence[Check] = (reaching.check_reachable, reaching.check_ready)
OF_ORY: Sequence[Check] = (
    reaching.check_version,
    reaching.check_clock,
    reaching.check_rate_limit,
    reaching.check_cacheable,
    returning.check_browser_url,
    cookies.check_reach,
    cookies.check_name,
    returning.check_return_to,
    levels.check_whoami,
    levels.check_settings,
    levels.check_codes,
)


@sensitive_variables()
def examine(given: Given, *, live: bool = True) -> list[Result]:
    """Return the results of all checks; without ``live`` nothing is sent."""
    results = [*results_of_settings(), *results_of_users()]
    if not live:
        return [*results, *claims_of_settings()]
    try:
        facts = collect(given)
    except ImproperlyConfigured as error:
        return [*results, *claims_of_settings(), skipped("reachable", f"The settings are invalid: {error}")]
    return [*results, *examine_facts(facts)]


def examine_facts(facts: Facts) -> Iterator[Result]:
    """Return the results of the checks of Ory."""
    for check in OF_REACHING:
        yield from check(facts)
    if facts.is_ory:
        for check in OF_ORY:
            yield from check(facts)
    else:
        yield from claims(facts.site.declared_whoami_aal, facts.site.declared_settings_aal)
        yield skipped("everything else", "These checks need Ory.")
