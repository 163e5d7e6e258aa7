"""Check that no rule is passed by another spelling of its path, where one regex of the URL configuration takes both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.checks.order import POLICY_MIDDLEWARE, positions
from django_ory_mfa.checks.patterns import branches, text_of
from django_ory_mfa.checks.urlconf import match_of
from django_ory_mfa.conf import conf
from django_ory_mfa.guard.site_policy import covers, demands_on

END = re.compile(r"(?:\$|\\[zZ])$")
# A regex for one text alone.
PLAIN = re.compile(r"(?:\\[^a-zA-Z0-9]|[^\\.^$*+?{}\[\]()|])+")


def passed_by(path: str, other: str) -> checks.Warning:
    """Return W017: a rule does not hold for another path of the same page."""
    return checks.Warning(
        f"The page at {path!r} is also at {other!r}, for which ORY_MFA_RULES asks for less.",
        hint="Let the URL pattern take one of the two, such as with path() instead of re_path(), or write the rule for "
        "both.",
        id="ory_mfa.W017",
    )


def check_spellings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The rules ask for as much with or without a final slash, where the URL pattern is the same."""
    try:
        rules = conf.rules if positions(POLICY_MIDDLEWARE) else []
    except ImproperlyConfigured:
        # check_values reports it.
        return []
    paths = {
        path: None for rule in rules for branch in branches(rule.pattern.pattern) for path in _paths(text_of(branch))
    }
    return [passed_by(path, other) for path in paths for other in _weaker(path)]


def _paths(text: str) -> Iterator[str]:
    path = END.sub("", text.removeprefix("^"))
    if PLAIN.fullmatch(path):
        yield re.sub(r"\\(.)", r"\1", path)


def _weaker(path: str) -> Iterator[str]:
    match = match_of(path)
    if match is None:
        return
    demands = demands_on(match.func, path, match=match)
    for other in (path.rstrip("/"), f"{path}/"):
        also = match_of(other)
        is_same_page = also is not None and (also.func, also.route) == (match.func, match.route)
        if is_same_page and not covers(demands_on(match.func, other, match=also), demands):
            yield other
