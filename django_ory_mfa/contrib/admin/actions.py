"""The actions of a model admin, as every version of Django has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.admin import options
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

if TYPE_CHECKING:
    from django.http import HttpRequest

# The name by which Django's action for deleting counts as sensitive.
DELETING = "delete_selected"
# Since Django 6.1 not only the list has actions, but the page of an object too.
PLACES = tuple(getattr(options, "ActionLocation", ()))


class Picked(NamedTuple):
    """An action that a form picks: its names, with those of the functions behind it, and whether there are any."""

    names: set[str]
    is_known: bool


def picked_actions(model_admin: Any, request: HttpRequest) -> Iterator[Picked]:
    """Yield all actions that the form in ``request`` may pick."""
    known, is_run = _at_every_place(model_admin.get_actions, request), runs_actions(request)
    for name in _picked(request):
        functions = [_function_of(actions[name]) for actions in known if name in actions]
        # The same function may be there under another name.
        names = {name, *(getattr(function, "__name__", name) for function in functions)}
        if name and not functions and is_run:
            # SECURITY: an action of another model admin, which a theme shows in this page, may delete.
            names.add(DELETING)
        yield Picked(names, bool(functions))
    for name in _of_a_theme(model_admin, "actions_submit_line"):
        if _name_of_button(model_admin, name) in request.POST:
            yield Picked({name}, is_known=True)


def action_names(model_admin: Any) -> set[str]:
    """Return the names of all actions of ``model_admin``, whatever the user may do."""
    known = _at_every_place(model_admin._get_base_actions)
    names = {getattr(action, "name", None) or action[1] for actions in known for action in actions}
    return names | _of_a_theme(model_admin, "actions_submit_line")


def linked_actions(model_admin: Any) -> set[str]:
    """Return the names of the actions that django-unfold runs by links."""
    return _of_a_theme(model_admin, "actions_list", "actions_row", "actions_detail")


def _picked(request: HttpRequest) -> list[str]:
    # SECURITY: a list sends the fields of both action bars, and the sender chooses which one counts; on the page of an
    # object the field has a prefix. So the actions of all these fields count.
    fields = [name for name in request.POST if name == "action" or name.endswith("-action")]
    return [name for field in fields for name in request.POST.getlist(field)]


def runs_actions(request: HttpRequest) -> bool:
    """Whether Django would run an action in a list; else ``action`` is a field of the form."""
    is_list = ACTION_CHECKBOX_NAME in request.POST or "select_across" in request.POST
    return is_list and any(_picked(request))


def saves_rows(request: HttpRequest) -> bool:
    """Whether Django would save the rows of a list."""
    return "_save" in request.POST and any(name.endswith("-TOTAL_FORMS") for name in request.POST)


def _of_a_theme(model_admin: Any, *attributes: str) -> set[str]:
    """Return the names of the actions in these attributes, as django-unfold has them."""
    names = [name for attribute in attributes for name in _listed(getattr(model_admin, attribute, None))]
    # A group of actions is a dict, with the actions under "items".
    return {one for name in names for one in (_listed(name.get("items")) if isinstance(name, dict) else [name])}


def _listed(value: Any) -> Iterable[Any]:
    # A model admin without that theme may have a column of this name.
    return value if isinstance(value, (list, tuple)) else ()


def _name_of_button(model_admin: Any, name: str) -> str:
    options = model_admin.opts
    return f"{options.app_label}_{options.model_name}_{name}"


def _at_every_place(method: Any, *arguments: Any) -> list[Any]:
    places = PLACES if "action_location" in signature(method).parameters else ()
    return [method(*arguments, action_location=place) for place in places] or [method(*arguments)]


def _function_of(action: Any) -> Any:
    return getattr(action, "func", None) or action[0]
