"""Which lists and forms of the admin can give rights to a user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django_ory_mfa.contrib.admin.fields import give_rights, holds_rights, is_between
from django_ory_mfa.contrib.admin.inlines import every_inline, inlines_in, nested_inlines, object_of
from django_ory_mfa.contrib.admin.own_code import is_own

if TYPE_CHECKING:
    from django.http import HttpRequest


def list_gives_rights(model_admin: Any, request: HttpRequest) -> bool:
    """Whether the user of ``request`` can change rights in the list of ``model_admin``."""
    # SECURITY: Django saves all of list_editable, also columns that it does not show to this person. A view may set it
    # for this request only, so every list that is sent counts.
    is_editable = "_save" in request.POST or give_rights(model_admin.list_editable, model_admin)
    return is_editable and holds_rights(model_admin) and bool(model_admin.has_change_permission(request))


def form_gives_rights(model_admin: Any, request: HttpRequest, object_id: str | None, *, is_change: bool) -> bool:
    """Whether a form of ``model_admin`` can give rights, and the user of ``request`` may send it."""
    if not is_change:
        return _gives_rights(model_admin, request, None)
    # Django adds another object when this is sent, even if the form has no such button.
    is_also_add = model_admin.save_as or "_saveasnew" in request.POST
    return _change_gives_rights(model_admin, request, object_id) or (
        is_also_add and _gives_rights(model_admin, request, None)
    )


def _change_gives_rights(model_admin: Any, request: HttpRequest, object_id: str | None) -> bool:
    found = object_of(model_admin, request, object_id)
    if found is not None:
        return _gives_rights(model_admin, request, found)
    # SECURITY: an object that is not found by its id is not found by Django's view either. Who may change none is
    # refused by Django, there or not, and must not be told apart here.
    return holds_rights(model_admin) and (object_id is None or bool(model_admin.has_change_permission(request)))


def may_hold_rights(model_admin: Any, request: HttpRequest, object_id: str | None = None) -> bool:
    """Whether the model of ``model_admin``, or of a row in its forms, has a field that gives rights.

    These are the form to add an object and, if ``object_id`` names one, the form to change that object.
    """
    if holds_rights(model_admin) or _has_rights_in_rows(model_admin, request, None):
        return True
    found = object_of(model_admin, request, object_id)
    return found is not None and _has_rights_in_rows(model_admin, request, found)


def _has_rights_in_rows(model_admin: Any, request: HttpRequest, found: Any) -> bool:
    return any(map(holds_rights, every_inline(model_admin, request, found)))


def _gives_rights(model_admin: Any, request: HttpRequest, found: Any) -> bool:
    """Whether the form for ``found``, None to add one, can be sent and gives rights by itself or by an inline."""
    is_change = found is not None
    may_send = (
        model_admin.has_change_permission(request, found) if is_change else model_admin.has_add_permission(request)
    )
    if not may_send:
        return False
    if holds_rights(model_admin):
        form = model_admin.get_form(request, found, change=is_change)
        # Made only if its class does not tell: that may cost queries.
        written = _written_by(model_admin, form, request, found)
        if any(give_rights(names, model_admin, is_new=not is_change) for names in written):
            return True
    return any(_inline_gives_rights(one, request, found) for one in inlines_in(model_admin, request, found))


def _inline_gives_rights(inline: Any, request: HttpRequest, found: Any) -> bool:
    """Whether rows of ``inline``, or of an inline in these, can be sent and give rights."""
    if holds_rights(inline) and _may_send(inline, request, found) and _row_gives_rights(inline, request, found):
        return True
    # SECURITY: which fields a nested row has depends on the row that it is in.
    nested = nested_inlines(inline, request, found)
    return any(holds_rights(one) and _may_send(one, request, found) for one in nested)


def _row_gives_rights(inline: Any, request: HttpRequest, found: Any) -> bool:
    # A row between a user and a group gives rights by being there, whatever can be written in it.
    if is_between(inline):
        return True
    formset = inline.get_formset(request, found)
    # SECURITY: which fields rows get by code of the site is not known before they are made.
    has_own_fields = is_own(formset, "add_fields") or is_own(formset.form, "__init__")
    return has_own_fields or give_rights(_names(formset.form.base_fields), inline)


def _may_send(inline: Any, request: HttpRequest, found: Any) -> bool:
    return bool(
        inline.has_add_permission(request, found)
        or inline.has_change_permission(request, found)
        or inline.has_delete_permission(request, found)
    )


def _written_by(model_admin: Any, form: Any, request: HttpRequest, found: Any) -> Iterator[set[str]]:
    """Yield the names of the fields of the class ``form``, and then those of a form, which may cost queries."""
    yield _names(form.base_fields)
    # SECURITY: a form may add fields when it is made, as Django makes it.
    if request.method == "POST":
        made = form(request.POST, request.FILES, instance=found)
    elif found is None:
        made = form(initial=model_admin.get_changeform_initial_data(request))
    else:
        made = form(instance=found)
    yield _names(made.fields)


def _names(fields: Any) -> set[str]:
    """Return the names of ``fields``, without a password that is only shown."""
    return {name for name, field in fields.items() if name != "password" or not field.disabled}
