"""What a view declares, and what an admin site adds to the refusal of one of its views."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_exempt
from django_ory_mfa.guard.declarations import (
    Configured,
    admin_site_of,
    class_of,
    declare,
    declare_value,
    finish_refusal,
    is_exempt,
    keys_for,
    of_class,
    wants_proof,
)


def finish(request: Any, refusal: HttpResponse) -> HttpResponse:
    refusal.headers["X-Finished"] = "yes"
    return refusal


ADMIN = SimpleNamespace(ory_mfa_finish_refusal=finish)


def view_of(**marks: Any) -> Any:
    def view(request: Any) -> HttpResponse:
        return HttpResponse("open sesame")

    vars(view).update(marks)
    return view


def test_attribute_of_a_site_that_says_nothing_is_an_error_and_no_default() -> None:
    assert declare_value("aal1") == Requirement("aal1")
    with pytest.raises(TypeError, match="not None"):
        declare_value(None)


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        (Requirement("aal2", max_age=600), True),
        (Requirement("aal2"), False),
        (Configured("sensitive"), True),
        (Configured("plain"), False),
        (lambda request: Requirement("aal2", max_age=600), False),
    ],
    ids=["age", "level", "policy", "plain-policy", "callable"],
)
def test_proof_is_known_to_be_wanted_without_a_request(settings: Any, declared: Any, *, wanted: bool) -> None:
    settings.ORY_MFA_POLICIES = {"sensitive": {"aal": "aal2", "max_age": 600}, "plain": {"aal": "aal2"}}

    assert wants_proof(declared) is wanted


@pytest.mark.parametrize("marks", [{"admin_site": ADMIN}, {"model_admin": SimpleNamespace(admin_site=ADMIN)}])
def test_admin_site_finishes_the_refusals_of_its_views(marks: dict[str, Any]) -> None:
    view, refusal = view_of(**marks), HttpResponse(status=403)
    request: Any = None

    assert admin_site_of(view) is ADMIN
    assert finish_refusal(view, request, None) is None
    assert "X-Finished" not in refusal.headers
    assert finish_refusal(view, request, refusal) is refusal
    assert refusal.headers["X-Finished"] == "yes"


@pytest.mark.parametrize("marks", [{}, {"admin_site": object()}])
def test_refusal_of_any_other_view_stays_as_it_is(marks: dict[str, Any]) -> None:
    view, refusal = view_of(**marks), HttpResponse(status=403)
    request: Any = None

    assert finish_refusal(view, request, refusal) is refusal
    assert finish_refusal(view, request, None) is None


@pytest.mark.parametrize(
    ("name", "start"),
    [
        (None, "A view cannot be guarded with ORY_MFA_AAL = 'aal1': "),
        ("aal1", "A view cannot be guarded with 'aal1': "),
    ],
)
def test_error_names_the_setting_only_where_it_is_read(settings: Any, name: str | None, start: str) -> None:
    settings.ORY_MFA_AAL = "aal1"

    with pytest.raises(ImproperlyConfigured) as caught:
        Configured(name, methods=frozenset({"totp"})).requirement()

    assert str(caught.value).startswith(start)


def test_declaration_that_views_share_cannot_be_changed() -> None:
    declared: Any = declare(max_age=600)

    with pytest.raises(FrozenInstanceError):
        declared.max_age = None


def refund() -> None:
    """An action that has another function for DELETE."""


vars(refund)["mapping"] = {"post": "refund", "delete": "end_refund"}


class Orders:
    update, refund, unmapped = len, staticmethod(refund), SimpleNamespace(mapping=["end_refund"])
    create = update


@pytest.mark.parametrize(
    ("name", "given", "keys"),
    [
        ("update", ["update", "create"], ["update"]),
        ("create", ["update", "list"], ["update"]),
        ("partial_update", ["update", "create", "partial_refund"], ["update"]),
        ("partial_update", ["update", "partial_update"], ["partial_update"]),
        # As an async ViewSet calls its own, which may lack the function.
        ("partial_aupdate", ["update", "aupdate"], ["aupdate"]),
        ("end_refund", ["update", "refund", "unmapped"], ["refund"]),
        ("end_refund", ["refund", "end_refund"], ["end_refund"]),
        ("refund", ["end_refund"], []),
        # What is no function is not the same function.
        ("GET", ["POST", "gone", 1], []),
    ],
)
def test_requirement_of_an_action_is_that_of_what_runs_its_code(name: str, given: list[Any], keys: list[str]) -> None:
    assert keys_for(Orders, given, name) == keys


@pytest.mark.parametrize("name", ["view_class", "cls"])
def test_class_of_a_view_is_a_class(name: str) -> None:
    assert class_of(view_of(**{name: HttpResponse})) is HttpResponse
    assert class_of(view_of(**{name: "a name"})) is None


@pytest.mark.parametrize("name", ["view_initkwargs", "initkwargs"])
def test_arguments_of_a_view_come_before_what_its_class_says(name: str) -> None:
    base = type("Base", (), {"required_aal": "aal1", "max_age": 60})

    assert of_class(view_of(cls=base, **{name: {"required_aal": "aal2"}})) == ("aal2", 60, None)


def test_function_without_a_class_is_exempt_by_its_mark_alone() -> None:
    assert is_exempt(aal_exempt(view_of()))
    assert not is_exempt(view_of())
