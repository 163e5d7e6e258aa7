"""Make up example paths for URL patterns with parameters, so that rules, which are regexes, can be tried on them.

Two regexes cannot be compared, so rules are tried on paths. Some are made up from the pattern, others from the rules,
which finds the one page below ``/users/<int:pk>/`` that a rule exempts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

from django.conf import settings
from django.urls import resolve
from django.urls.resolvers import LocalePrefixPattern, RoutePattern
from django.utils import translation
from django.utils.regex_helper import normalize

from django_ory_mfa.checks.urlconf import SiteView, spelt

VALUES = (
    "1",
    "42",
    "2026",
    "01",
    "a",
    "b-1",
    "A1",
    "en",
    "a/b.txt",
    "2026-01-31",
    "a@example.com",
    "00000000-0000-4000-8000-000000000000",
    "0" * 32,
    "MQ",
)
PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>:]+)>")
PER_PARAMETER = 2
PER_VIEW = 8
TRIED = 500
ODD_FLAGS = re.IGNORECASE | re.VERBOSE


def example_paths(site_view: SiteView) -> list[str]:
    """Return some paths that lead to the view, without the script prefix; empty if none could be made up."""
    parts = [_examples(pattern) for pattern in site_view.patterns]
    return list(dict.fromkeys("/" + "".join(chosen) for chosen in islice(product(*parts), PER_VIEW)))


def paths_of_rules(rules: Iterable[re.Pattern[str]]) -> dict[str, list[str]]:
    """Return paths that match a rule, keyed by the route of the view that they lead to."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        of_rule: dict[str, list[str]] = {}
        for path in _of_rule(rule):
            try:
                route = spelt([resolve(path).route])
            except Exception:  # noqa: S112 - a path that leads nowhere, or a converter that breaks
                continue
            of_rule.setdefault(route, []).append(path)
        for route, paths in of_rule.items():
            found.setdefault(route, []).extend(paths[:PER_PARAMETER])
    return found


def is_readable(rule: re.Pattern[str]) -> bool:
    """Whether the example paths of ``rule`` represent everything that it matches."""
    # Only one alternative is used for an example, and lookarounds and flags are ignored.
    is_plain = "|" not in rule.pattern and "(?" not in rule.pattern and not rule.flags & ODD_FLAGS
    return is_plain and any(_of_regex(rule))


def may_match(rule: re.Pattern[str], site_view: SiteView) -> bool:
    """Return False only if ``rule`` cannot match any path of the view, judging by how both begin."""
    begins, route = _literal_start(rule), PARAMETER.split(site_view.route)[0]
    return begins.startswith(route) or route.startswith(begins)


def _of_rule(rule: re.Pattern[str]) -> Iterator[str]:
    starts = islice(_of_regex(rule), PER_PARAMETER)
    # A rule matches the beginning of a path; what follows it depends on the view.
    return (start + end for start in starts for end in ("", *VALUES, *(f"{value}/" for value in VALUES)))


def _literal_start(rule: re.Pattern[str]) -> str:
    """Return the text that every path that matches ``rule`` begins with; empty if unknown."""
    text = rule.pattern.removeprefix("^")
    if "|" in text or rule.flags & ODD_FLAGS:
        return ""
    start = re.split(r"[.^$*+?{}\[\]\\()]", text, maxsplit=1)[0]
    is_repeated = text[len(start) : len(start) + 1] in ("*", "?", "{")
    return start[:-1] if is_repeated and start else start


def _examples(pattern: Any) -> list[str]:
    if isinstance(pattern, LocalePrefixPattern):
        return list(dict.fromkeys(_prefix(pattern, language) for language, _ in settings.LANGUAGES))
    if isinstance(pattern, RoutePattern):
        return list(islice(_of_route(pattern), PER_VIEW))
    return list(islice(_of_regex(pattern.regex), PER_PARAMETER))


def _prefix(pattern: LocalePrefixPattern, language: str) -> str:
    with translation.override(language):
        return str(pattern.language_prefix)


def _of_route(pattern: RoutePattern) -> Iterator[str]:
    route = str(pattern)
    names = PARAMETER.findall(route)
    form = PARAMETER.sub("%s", route.replace("%", "%%"))
    values = (list(islice(_values(pattern.converters[name]), PER_PARAMETER)) for name in names)
    return (form % chosen for chosen in product(*values))


def _values(converter: Any) -> Iterator[str]:
    return (value for value in VALUES if re.fullmatch(converter.regex, value) and _is_taken(converter, value))


def _is_taken(converter: Any, value: str) -> bool:
    try:
        converter.to_python(value)
    except Exception:
        # A converter of the site may do anything, such as a database query.
        return False
    return True


def _of_regex(regex: re.Pattern[str]) -> Iterator[str]:
    """Yield the paths that ``reverse()`` would try, with parameter values that ``regex`` accepts."""
    for form, names in _forms(regex.pattern):
        for chosen in islice(product(VALUES, repeat=len(names)), TRIED):
            path = form % dict(zip(names, chosen, strict=True))
            if regex.search(path):
                yield path


def _forms(regex: str) -> Iterable[tuple[str, list[str]]]:
    try:
        forms: list[tuple[str, list[str]]] = normalize(regex)
    except ValueError:
        return []
    return forms
