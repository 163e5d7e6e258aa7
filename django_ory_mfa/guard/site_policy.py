"""What the policy of the site requires of a view or a path, and where that comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django_ory_mfa.conf import Rule, conf
from django_ory_mfa.core.own_views import is_own_view
from django_ory_mfa.core.requirement import HIGHEST_AVAILABLE, Requirement
from django_ory_mfa.guard.declarations import Configured, Declared, declared_by, is_exempt, notes_missing_page
from django_ory_mfa.guard.regexes import has_exclusions, may_exclude
from django_ory_mfa.guard.spellings import is_looked_up, may_be_any_page, spellings
from django_ory_mfa.guard.text_comparison import as_compared, folded, ignoring_case

if TYPE_CHECKING:
    from django.urls import ResolverMatch

    Change = Callable[[re.Pattern[str]], re.Pattern[str] | None]

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# No real path looks like these, so a pattern that matches all of them matches every path that it does not exclude.
NO_PATHS = ("/\0", "/\0/\0/", "/\0/\0.\0")
STRENGTH = {"aal1": 1, HIGHEST_AVAILABLE: 2, "aal2": 3}


class Origin(StrEnum):
    """Where a requirement comes from, or why there is none."""

    VIEW = "view"
    RULE = "rule"
    REPORT_ONLY = "rule that only reports"
    SITE_DEFAULT = "site default"
    EXEMPT = "exempt"
    OWN_VIEW = "own view"


BY_PATH = (Origin.RULE, Origin.REPORT_ONLY, Origin.SITE_DEFAULT)


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement of the site's policy for a view or a path, and its origin; ``declared`` is None if it is none."""

    origin: Origin
    declared: Declared | None = None

    @property
    def can_refuse(self) -> bool:
        """Whether it requires something and is not report-only."""
        return self.declared is not None and self.origin is not Origin.REPORT_ONLY


def demands_on(
    view: Any, path_info: str, urlconf: Any = None, match: ResolverMatch | None = None
) -> tuple[Demand, ...]:
    """Return what ``AALRequiredMiddleware`` requires of ``view`` at ``path_info``; a request has to meet all of it.

    ``view`` is None if there is no view at the path, and ``match`` is how Django found it. ``urlconf`` is that of the
    request, None for ``ROOT_URLCONF``.
    """
    if is_own_view(view):
        return (Demand(Origin.OWN_VIEW),)
    if is_exempt(view):
        return (Demand(Origin.EXEMPT),)
    declared = [Demand(Origin.VIEW, one) for one in declared_by(view)]
    if declared and notes_missing_page(view):
        return _strictest(declared)
    # SECURITY: a middleware may show a page in place of this view's 404, and the view's guard does not cover it.
    return _strictest([*declared, *_of_path(path_info, conf.rules, urlconf, match)])


def covers(demands: Iterable[Demand], others: Iterable[Demand]) -> bool:
    """Whether everybody who passes ``demands`` passes ``others`` too."""
    kept = tuple(demands)
    return all(any(_covers(one, other) for one in kept) for other in others)


def strictest(declarations: Iterable[Declared]) -> tuple[Declared, ...]:
    """Return those declarations that no other one makes superfluous; all of them have to be met."""
    declared = tuple(declarations)
    if len(declared) == 1:
        return declared
    demands = _strictest(Demand(Origin.VIEW, one) for one in declared)
    return tuple(demand.declared for demand in demands if demand.declared is not None)


def is_for_every_path(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` matches every path."""
    return is_for_unlisted_paths(pattern) and not has_exclusions(pattern)


def is_for_unlisted_paths(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` matches every path, or every one but some that it names."""
    return all(map(pattern.match, NO_PATHS))


def origin_of(rule: Rule) -> Origin:
    """Return ``RULE``, or ``REPORT_ONLY`` if ``rule`` only reports."""
    return Origin.REPORT_ONLY if rule.only_reports else Origin.RULE


def _of_path(path_info: str, rules: list[Rule], urlconf: Any, match: ResolverMatch | None) -> list[Demand]:
    default = Demand(Origin.SITE_DEFAULT, Configured())
    deciding = next((rule for rule in rules if rule.pattern.match(path_info)), None)
    found = [default if deciding is None else _demand(deciding)]
    if CONTROL.search(path_info):
        # SECURITY: `$` also matches before a trailing newline. No rule exempts such a path: the default applies too.
        found.append(default)
    if may_be_any_page(path_info):
        # SECURITY: so it needs what any page needs.
        return [*found, default, *_all(rules)]
    # SECURITY: the visitor chooses the spelling, so the others have to pass too. A rule for every path is left out:
    # like ORY_MFA_AAL, it applies only where no other rule does.
    particular = [rule for rule in rules if not is_for_every_path(rule.pattern)]
    if not particular:
        return found
    is_text = is_looked_up(path_info, match)
    if is_text:
        found += [demand or default for demand in _of_text(path_info, rules)]
    # If a rule is for all paths but some, another spelling may be one of these, and needs what that one needs.
    excluding = deciding.pattern if deciding is not None and has_exclusions(deciding.pattern) else None
    is_by_general_rule = excluding is not None or _first(particular, path_info) is None
    # Django's fallback for redirects adds a slash, and a regex may leave it open.
    adds_slash = match is None or (is_text and is_by_general_rule)
    for path in spellings(path_info, match, urlconf, adds_slash=adds_slash):
        if path is None:
            found += [*_all(particular), *([default] if excluding else [])]
        elif excluding is not None and may_exclude(excluding, path):
            found += [demand or default for demand in _at(path, rules, is_text=is_text)]
        else:
            found += filter(None, _at(path, particular, is_text=is_text))
    return found


def _at(path: str, rules: list[Rule], *, is_text: bool) -> Iterator[Demand | None]:
    """Yield the demand of the rules for ``path``, and if it is text, those for what a database compares as it."""
    yield _first(rules, path)
    if is_text:
        yield from _of_text(path, rules)


def _of_text(path: str, rules: list[Rule]) -> Iterator[Demand | None]:
    yield _first(rules, path, ignoring_case)
    for alike in folded(path):
        yield _first(rules, path, as_compared, alike)


def _demand(rule: Rule) -> Demand:
    return Demand(origin_of(rule), rule.requirement)


def _all(rules: Iterable[Rule]) -> list[Demand]:
    return list(map(_demand, rules))


def _first(
    rules: Iterable[Rule], path_info: str, change: Change | None = None, alike: str | None = None
) -> Demand | None:
    """Return the demand of the first rule that matches ``path_info``, or None.

    ``change`` returns the pattern to match with ``alike``, if that is given; None if the pattern stays as it is.
    """
    for rule in rules:
        changed = change(rule.pattern) if change else None
        if rule.pattern.match(path_info) if changed is None else changed.match(path_info if alike is None else alike):
            return _demand(rule)
    return None


def _strictest(demands: Iterable[Demand]) -> tuple[Demand, ...]:
    """Return the demands that no other demand covers, with those that only report last."""
    kept: list[Demand] = []
    for demand in demands:
        if not any(_covers(one, demand) for one in kept):
            kept = [*(one for one in kept if not _covers(demand, one)), demand]
    return tuple(sorted(kept, key=lambda demand: demand.origin is Origin.REPORT_ONLY))


def _covers(one: Demand, other: Demand) -> bool:
    """Whether everybody who passes ``one`` also passes ``other``. Two callables cannot be compared."""
    if other.declared is None or one == other:
        return True
    if not one.can_refuse:
        return False
    strict, weak = _resolved(one.declared), _resolved(other.declared)
    return isinstance(strict, Requirement) and isinstance(weak, Requirement) and _is_at_least(strict, weak)


def _resolved(declared: Declared | None) -> object:
    return declared.requirement() if isinstance(declared, Configured) else declared


def _is_at_least(strict: Requirement, weak: Requirement) -> bool:
    # A single proof has to have the level, the age and the method, so each of the three is compared.
    return (
        STRENGTH[strict.aal] >= STRENGTH[weak.aal]
        and (weak.max_age is None or (strict.max_age is not None and strict.max_age <= weak.max_age))
        and (weak.methods is None or (strict.methods is not None and strict.methods <= weak.methods))
    )
