"""Which code of a model admin, or of its forms, is not Django's: nobody knows what it does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

# Where code comes from that is known.
KNOWN = ("django.", "django_ory_mfa.")
FORM = ("changeform_view", "_changeform_view")
# The methods that Django runs for a view, by its key. A fresh proof is always asked for before the others.
METHODS = {
    "changelist": ("changelist_view",),
    "history": ("history_view",),
    "add": ("add_view", *FORM),
    "change": ("change_view", *FORM),
}


def is_own(owner: Any, *methods: str) -> bool:
    """Whether one of these methods of ``owner``, a class or an object, is not Django's."""
    is_class = isinstance(owner, type)
    if not is_class and not vars(owner).keys().isdisjoint(methods):
        return True
    classes = (owner if is_class else type(owner)).__mro__
    found = [(next((one for one in classes if name in vars(one)), object), name) for name in methods]
    return any(_is_written_by_site(one, name) for one, name in found if one is not object)


def is_own_view(model_admin: Any, key: str | None, view: Any) -> bool:
    """Whether ``view``, that with ``key`` of ``model_admin`` or one that it adds, runs code that is not Django's."""
    if key not in METHODS:
        return key is None
    return is_own(model_admin, *METHODS[key]) or any(map(_is_own_layer, _layers(view)))


def innermost(view: Any) -> Any:
    """Return what ``view`` calls in the end, behind decorators and partials."""
    *_, found = _layers(view)
    return found


def _is_written_by_site(owner: type, name: str) -> bool:
    # SECURITY: by the class, as a decorator may give a function the name of Django's module; and by the code itself, as
    # Django makes a class of what `register()` is given.
    return not owner.__module__.startswith(KNOWN) or any(map(_is_own_layer, _layers(vars(owner)[name])))


def _layers(view: Any) -> Iterator[Any]:
    yield view
    while isinstance(view, partial) or (not hasattr(view, "__self__") and hasattr(view, "__wrapped__")):
        view = view.func if isinstance(view, partial) else view.__wrapped__
        yield view


def _is_own_layer(view: Any) -> bool:
    # A partial has no code, and a method is judged by its class.
    if isinstance(view, partial) or hasattr(view, "__self__"):
        return False
    return not str(getattr(view, "__globals__", {}).get("__name__")).startswith(KNOWN)
