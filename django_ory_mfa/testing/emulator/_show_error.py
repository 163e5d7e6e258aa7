"""Ory's errors, for the page that shows them."""

from __future__ import annotations

from django_ory_mfa.testing._bodies import microseconds
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, json_answer
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._errors import not_found


def show_error(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """An error that a browser was sent to; whoever knows its id may read it."""
    kept = ory.errors.get(request.param("id"))
    if kept is None:
        return json_answer(ory, request, 404, not_found())
    created = microseconds(kept.created_at)
    body = {"id": kept.id, "error": kept.error, "created_at": created, "updated_at": created}
    return json_answer(ory, request, 200, body)
