"""What a view of the admin requires, beyond access to the admin itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.admin import ModelAdmin
from django.views.generic import RedirectView

from django_ory_mfa.checks.admin import KEYS, SENSITIVE
from django_ory_mfa.contrib.admin.actions import (
    DELETING,
    Picked,
    linked_actions,
    picked_actions,
    runs_actions,
    saves_rows,
)
from django_ory_mfa.contrib.admin.fields import holds_rights
from django_ory_mfa.contrib.admin.inlines import AS_NEW, rows_beside
from django_ory_mfa.contrib.admin.own_code import innermost, is_own_view
from django_ory_mfa.contrib.admin.rights import form_gives_rights, list_gives_rights, may_hold_rights

if TYPE_CHECKING:
    from django.http import HttpRequest

# The views of a ModelAdmin, and their keys in ory_mfa_requirements.
VIEWS = {
    "changelist_view": "changelist",
    "add_view": "add",
    "change_view": "change",
    "changeform_view": "change",
    "delete_view": "delete",
    "history_view": "history",
    "user_change_password": "password",
}
WITH_ACTIONS = frozenset({"changelist", "change", "add"})
# What is done to an object, in whichever form.
OF_OBJECTS = frozenset({"add", "change", "delete"})
ALWAYS_SENSITIVE = frozenset({"delete", "password", DELETING})


class Place(NamedTuple):
    """A view of the admin: its ``ModelAdmin``, None for other views; its key, and its names in what is declared.

    ``is_link``: whether it is an action that a link runs; ``is_own``: whether it runs code that is not Django's.
    """

    model_admin: Any = None
    key: str | None = None
    names: frozenset[str] = frozenset()
    is_link: bool = False
    is_own: bool = False

    @property
    def keys(self) -> set[str]:
        """What may be declared for it."""
        return {*self.names, *(() if self.key is None else (self.key,))}


def requirements_of(site: Any, view: Any, request: HttpRequest, object_id: str | None) -> Iterator[Any]:
    """Yield what ``view`` of ``site`` requires of ``request``: levels, names of policies or ``Requirement`` values."""
    sensitive = site.sensitive
    place = place_of(view)
    if place.model_admin is None or is_undeclared(place):
        # SECURITY: a method of one model admin may have its route among those of another, which holds rights.
        place = max(place, _place_by_route(site, view, request), key=_holds_rights)
    model_admin, key = place.model_admin, place.key
    # SECURITY: a view that the site adds may be the list of a model admin under another address.
    may_be_list = key is None and (runs_actions(request) or saves_rows(request))
    if may_be_list and (model_admin is None or saves_rows(request)):
        # It may be that of another model admin.
        yield sensitive
    if model_admin is None:
        return
    key = "changelist" if may_be_list else key
    picked = list(picked_actions(model_admin, request)) if key in WITH_ACTIONS else []
    keys = place.keys.union(*(action.names for action in picked))
    yield from always_asked(model_admin, keys | _more_keys(model_admin, request, key), sensitive=sensitive)
    if key in ("add", "change"):
        for owner, done in rows_beside(model_admin, request, object_id, is_change=key == "change"):
            yield from always_asked(owner, done, sensitive=sensitive)
    if keys & ALWAYS_SENSITIVE:
        return
    if _may_be_rights(place, picked, request, object_id) or _gives_rights(model_admin, request, key, object_id):
        yield sensitive


def _holds_rights(place: Place) -> int:
    return 0 if place.model_admin is None else 1 + holds_rights(place.model_admin)


def is_undeclared(place: Place) -> bool:
    """Whether it runs code of the site or of another package, and the model admin does not say what it requires."""
    return place.is_own and place.keys.isdisjoint(declared_by(place.model_admin))


def _may_be_rights(place: Place, picked: Iterable[Picked], request: HttpRequest, object_id: str | None) -> bool:
    """Whether code of the site or of another package runs that may give rights, and nothing is declared for it."""
    model_admin, declared = place.model_admin, declared_by(place.model_admin)
    # A form may be opened, and an action behind a link changes something at once.
    # SECURITY: any other method, as what is no GET may be a form that is sent, for such code.
    may_change = place.is_link or request.method != "GET"
    if may_change and is_undeclared(place) and may_hold_rights(model_admin, request, object_id):
        return True
    return holds_rights(model_admin) and any(one.is_known and one.names.isdisjoint(declared) for one in picked)


def _more_keys(model_admin: Any, request: HttpRequest, key: str | None) -> set[str]:
    """Return what else the list or form does: a list may change objects, and a form may add another one."""
    if key == "changelist":
        # A view may set list_editable for this request only.
        is_editable = model_admin.list_editable or "_save" in request.POST
        return {"change"} if is_editable and model_admin.has_change_permission(request) else set()
    return {"add"} if key == "change" and AS_NEW in request.POST else set()


def always_asked(model_admin: Any, keys: set[str], *, sensitive: Any) -> Iterator[Any]:
    """Yield what the views and actions in ``keys`` require of every request."""
    for owner, asked in ((model_admin, keys), *((owner, keys & OF_OBJECTS) for owner in _of_parents(model_admin))):
        declared = declared_by(owner)
        for name in sorted(asked & declared.keys()):
            yield sensitive if declared[name] == SENSITIVE else declared[name]
    if keys & ALWAYS_SENSITIVE:
        yield sensitive


def _of_parents(model_admin: Any) -> Iterator[Any]:
    """Yield the model admins of the models that that of ``model_admin`` inherits from: it changes their objects."""
    site = getattr(model_admin, "admin_site", None)
    for model, owner in () if site is None else site._registry.items():
        if owner is not model_admin and issubclass(model_admin.model, model):
            yield owner


def place_of(view: Any) -> Place:
    """Return where ``view`` belongs.

    The name of a view that a model admin adds, by itself or by a theme, counts if anything is declared for it.
    """
    model_admin = getattr(innermost(view), "__self__", None)
    return _place_in(model_admin, view) if isinstance(model_admin, ModelAdmin) else Place()


def _place_by_route(site: Any, view: Any, request: HttpRequest) -> Place:
    """Return where ``view``, no method of a model admin, belongs by its route; its name there may be declared, too."""
    match = request.resolver_match
    if match is None or getattr(view, "view_class", None) is RedirectView:
        # Django's own, of addresses from before.
        return Place()
    route = f"/{match.route.replace('^', '/')}"
    found = [
        one for model, one in site._registry.items() if f"/{model._meta.app_label}/{model._meta.model_name}/" in route
    ]
    # SECURITY: where the route names several, what holds rights counts.
    model_admin = max(found, key=holds_rights, default=None)
    if model_admin is None:
        return Place()
    place = _place_in(model_admin, view)
    names = {match.url_name, *_names_of(view)}.difference(KEYS)
    return place._replace(names=place.names.union(declared_by(model_admin).keys() & names))


def _place_in(model_admin: Any, view: Any) -> Place:
    called = innermost(view)

    # SECURITY: by what the view is, not by its name, which a decorator may have replaced.
    def is_called(name: Any) -> bool:
        own = innermost(getattr(model_admin, name, None)) if isinstance(name, str) else None
        # Of a partial, only the function may be there.
        return own is not None and (own == called or innermost(getattr(own, "__func__", None)) is called)

    key = next((VIEWS[name] for name in VIEWS if is_called(name)), None)
    names = frozenset(filter(is_called, declared_by(model_admin)))
    is_link = any(map(is_called, linked_actions(model_admin)))
    return Place(model_admin, key, names, is_link, is_own_view(model_admin, key, view))


def names_of_views(model_admin: Any) -> set[str]:
    """Return the names of the views that ``model_admin`` adds to those of Django."""
    return {
        name for pattern in _routes(model_admin.get_urls()) for name in _names_in(pattern, model_admin)
    } - VIEWS.keys()


def _routes(patterns: Iterable[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns)
        else:
            yield pattern


def _names_in(pattern: Any, model_admin: Any) -> set[str]:
    view = pattern.callback
    if isinstance(getattr(innermost(view), "__self__", None), ModelAdmin):
        return _names_of(view) if innermost(view).__self__ is model_admin else set()
    return {*_names_of(view), *((pattern.name,) if pattern.name else ())}


def _names_of(view: Any) -> set[str]:
    """Return the name of the function or class behind ``view``, if it has any."""
    name = getattr(getattr(view, "view_class", None) or innermost(view), "__name__", None)
    return set() if name is None else {name}


def declared_by(model_admin: Any) -> dict[str, Any]:
    """Return what ``model_admin`` requires, by view or action; it adds to what the site requires."""
    return dict(getattr(model_admin, "ory_mfa_requirements", None) or {})


def _gives_rights(model_admin: Any, request: HttpRequest, key: str | None, object_id: str | None) -> bool:
    if key == "changelist":
        return list_gives_rights(model_admin, request)
    return key in ("add", "change") and form_gives_rights(model_admin, request, object_id, is_change=key == "change")
