"""Find the guards of each view, and where each of them is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django_ory_mfa.checks.order import POLICY_MIDDLEWARE, positions
from django_ory_mfa.checks.urlconf import SiteView, match_of, site_views
from django_ory_mfa.conf import conf
from django_ory_mfa.core.own_views import is_own_view
from django_ory_mfa.guard.declarations import admin_site_of, class_of, declare, declare_value, mixin_of, of_class
from django_ory_mfa.guard.site_policy import BY_PATH, Origin, demands_on, origin_of
from django_ory_mfa.management.report.apis import guards_of_api, methods_of, operations_of
from django_ory_mfa.management.report.examples import example_paths, is_readable, may_match, paths_of_rules
from django_ory_mfa.management.report.guards import DECORATOR, Guard, dotted_name, guard_of

MIXIN = "mixin"
CLASS = "class"
ADMIN = "admin site"
NOTHING = "nothing asks"
NO_PATH = "all other paths"


@dataclass(frozen=True, slots=True)
class Row:
    """One URL pattern and its guards."""

    path: str
    name: str | None
    view: str
    guards: tuple[Guard, ...]
    #: Paths that the pattern matches, on which the rules were tried.
    examples: list[str]
    #: HTTP methods that are guarded each by itself; empty: a guard is for all.
    methods: tuple[str, ...] = ()

    @property
    def decided_by(self) -> str | None:
        """The dotted name of the site's code that chooses the guard at each request, so that it is unknown here."""
        return next((guard.decided_by for guard in self.guards if guard.is_of_site), None)

    @property
    def is_own_view(self) -> bool:
        """Whether it is one of the package's own pages."""
        return self.guards[0].origin == Origin.OWN_VIEW

    @property
    def is_protected(self) -> bool:
        """Whether a guard applies on every path that was tried; the package's own views always count as protected."""
        asking = {path for guard in self._sure if not guard.only_for for path in guard.paths or [None]}
        if None in asking or self.is_own_view:
            return True
        guarded = {method for guard in self._sure for method in guard.only_for}
        if self.methods and guarded.issuperset(self.methods):
            return True
        tried = {path for guard in self.guards for path in guard.paths}
        return bool(tried) and tried == asking

    @property
    def _sure(self) -> list[Guard]:
        # What is not known protects nothing.
        return [guard for guard in self.guards if guard.asks and not guard.is_of_site]


def rows() -> list[Row]:
    """Return a row for every URL pattern of the site. Raises what importing the URL configuration raises."""
    has_policy = bool(positions(POLICY_MIDDLEWARE))
    of_rules = paths_of_rules(rule.pattern for rule in conf.rules) if has_policy else {}
    return [_row(site_view, of_rules, has_policy=has_policy) for site_view in site_views()]


def _row(site_view: SiteView, of_rules: dict[str, list[str]], *, has_policy: bool) -> Row:
    own = list(_own_guards(site_view.view))
    view = view_name(site_view.view)
    paths = list(dict.fromkeys([*example_paths(site_view), *of_rules.get(site_view.route, [])]))
    if not own and is_own_view(site_view.view):
        guards: tuple[Guard, ...] = (Guard(Origin.OWN_VIEW),)
    else:
        policy = _policy_guards(site_view, own, paths) if has_policy else []
        guards = (*own, *policy) or (Guard(NOTHING),)
    return Row(site_view.route, site_view.name, view, guards, paths, methods_of(site_view.view))


def _own_guards(view: Any) -> Iterator[Guard]:
    """Yield the guards that apply even without ``AALRequiredMiddleware``."""
    yield from _guards_of_admin(view)
    declared = getattr(view, "ory_mfa_requirement", None)
    if declared is not None:
        yield guard_of(DECORATOR, declared)
    view_class = class_of(view)
    mixin = mixin_of(view_class)
    if mixin is not None:
        yield _guard_of_mixin(mixin, view_class, view)
    yield from guards_of_api(view)


def _guards_of_admin(view: Any) -> Iterator[Guard]:
    """What an admin site of ours asks for; Django marks the views of each site with it, or with a model admin."""
    owner = admin_site_of(view)
    # By its name: contrib.admin cannot be imported on a site without users.
    guards_of = getattr(owner, "ory_mfa_guards_of", None)
    if guards_of is None or is_own_view(view):
        return
    for declared in dict.fromkeys(guards_of(view)):
        try:
            yield guard_of(ADMIN, declare_value(declared))
        except (TypeError, ValueError) as error:
            yield Guard(ADMIN, error=str(error))


def _guard_of_mixin(mixin: Any, view_class: Any, view: Any) -> Guard:
    if view_class.get_requirement is not mixin.get_requirement:
        return Guard(MIXIN, decided_by=f"{dotted_name(view_class)}.get_requirement")
    return _guarded_by_class(MIXIN, view)


def _guarded_by_class(origin: str, view: Any) -> Guard:
    aal, max_age, methods = of_class(view)
    try:
        return guard_of(origin, declare(aal, max_age=max_age, methods=methods))
    except (TypeError, ValueError) as error:
        return Guard(origin, error=str(error))


def _policy_guards(site_view: SiteView, own: Sequence[Guard], paths: Sequence[str]) -> list[Guard]:
    """Return the guards that ``AALRequiredMiddleware`` adds."""
    found: dict[Guard, list[str]] = {}
    for path in paths or [NO_PATH]:
        for guard in _guards_at(site_view, path, own):
            found.setdefault(guard, []).append(path)
    unread = _unread_rules(site_view, paths) if any(guard.origin in BY_PATH for guard in found) else []
    if not unread and all(len(on) == len(paths or [NO_PATH]) for on in found.values()):
        return list(found)
    return [*(replace(guard, paths=tuple(on)) for guard, on in found.items()), *unread]


def _unread_rules(site_view: SiteView, paths: Sequence[str]) -> list[Guard]:
    """Return guards for the rules that may apply on paths that were not tried."""
    if site_view.is_one_path:
        return []
    return [
        replace(guard_of(origin_of(rule), rule.requirement), paths=(f"whatever {rule.pattern.pattern} matches",))
        for rule in conf.rules
        if (not paths or not is_readable(rule.pattern)) and may_match(rule.pattern, site_view)
    ]


def _guards_at(site_view: SiteView, path: str, own: Sequence[Guard]) -> Iterator[Guard]:
    """Yield the guards of the policy for a view at ``path``, without those that the view has anyway."""
    view = site_view.view
    try:
        demands = demands_on(view, path, match=match_of(path))
    except (TypeError, ValueError) as error:
        demands = ()
        if not own:
            yield Guard(CLASS, error=str(error))
    own_origins = [guard.origin for guard in own]
    for demand in demands:
        if demand.origin is Origin.VIEW:
            is_decorated = demand.declared is getattr(view, "ory_mfa_requirement", None)
            if not is_decorated and MIXIN not in own_origins:
                yield guard_of(CLASS, demand.declared)
        elif demand.origin is not Origin.EXEMPT or not own:
            yield guard_of(demand.origin, demand.declared)


def view_name(view: Any) -> str:
    """Where a view is written; of a path of django-ninja, the functions of its operations."""
    functions = [operation.view_func for operation in operations_of(view)]
    return " and ".join(dict.fromkeys(dotted_name(function) for function in functions or [view]))
