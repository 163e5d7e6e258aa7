"""Which rows of other models a form of the admin can add, change and delete, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import unquote

from django_ory_mfa.contrib.admin.own_code import is_own

if TYPE_CHECKING:
    from django.http import HttpRequest

AS_NEW = "_saveasnew"
# A box that is ticked is sent as "<prefix>-<number>-DELETE", whatever the formset is called.
DELETE = "-DELETE"


def rows_beside(
    model_admin: Any, request: HttpRequest, object_id: str | None, *, is_change: bool
) -> Iterator[tuple[Any, set[str]]]:
    """Yield for each inline of the form the model admins that its model has on this site, and what the form does to it.

    That is ``add``, ``change`` and ``delete``, as far as the user of ``request`` may send it. Rows are deleted if
    ``request`` says so: deletion counts only in the request that deletes.
    """
    found = object_of(model_admin, request, object_id) if is_change else None
    if found is not None and model_admin.has_change_permission(request, found):
        yield from _of_form(model_admin, request, found)
    # Django adds another object, with its rows, when this is sent.
    if (not is_change or AS_NEW in request.POST) and model_admin.has_add_permission(request):
        yield from _of_form(model_admin, request, None)


def object_of(model_admin: Any, request: HttpRequest, object_id: str | None) -> Any:
    """Return the object whose form is requested; None if there is none, or if that field may not look it up."""
    to_field = request.POST.get(TO_FIELD_VAR, request.GET.get(TO_FIELD_VAR))
    if object_id is None or (to_field and not model_admin.to_field_allowed(request, to_field)):
        return None
    return model_admin.get_object(request, unquote(object_id), to_field)


def inlines_in(owner: Any, request: HttpRequest, found: Any) -> list[Any]:
    """Return the inlines right in the form of ``owner``, a model admin, or in the rows of ``owner``, an inline.

    Themes and packages show inlines in rows: those in ``inlines`` (django-unfold), or in ``get_inline_instances()``
    (django-nested-admin).
    """
    if hasattr(owner, "get_inline_instances"):
        shown = list(owner.get_inline_instances(request, found))
        # Django makes the rows by this one, which shows the same unless a site overrides it.
        if is_own(owner, "get_formsets_with_inlines"):
            shown += [one for _, one in owner.get_formsets_with_inlines(request, found)]
        return shown
    return [one(owner.model, owner.admin_site) for one in getattr(owner, "inlines", None) or ()]


def nested_inlines(
    inline: Any, request: HttpRequest, found: Any, above: frozenset[type] = frozenset()
) -> Iterator[Any]:
    """Yield all inlines in the rows of ``inline``, however deep; a class that contains itself is gone through once."""
    if type(inline) in above:
        return
    for one in inlines_in(inline, request, found):
        yield one
        yield from nested_inlines(one, request, found, above | {type(inline)})


def every_inline(model_admin: Any, request: HttpRequest, found: Any) -> Iterator[Any]:
    """Yield all inlines in the form of ``model_admin``, however deep."""
    for inline in inlines_in(model_admin, request, found):
        yield inline
        yield from nested_inlines(inline, request, found)


def _of_form(model_admin: Any, request: HttpRequest, found: Any) -> Iterator[tuple[Any, set[str]]]:
    for inline in every_inline(model_admin, request, found):
        keys = set(_keys(inline, request, found))
        owners = [one for one in model_admin.admin_site._registry.values() if _is_of(one, inline)]
        yield from ((owner, keys) for owner in owners or [None])


def _keys(inline: Any, request: HttpRequest, found: Any) -> Iterator[str]:
    if inline.has_add_permission(request, found):
        yield "add"
    if found is not None and inline.has_change_permission(request, found):
        yield "change"
    if any(name.endswith(DELETE) for name in request.POST) and inline.has_delete_permission(request, found):
        yield "delete"


def _is_of(model_admin: Any, inline: Any) -> bool:
    return issubclass(inline.model._meta.concrete_model, model_admin.model._meta.concrete_model)
