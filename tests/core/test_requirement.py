"""What a view may ask for; everything that was not meant, or could never be met, fails where it is written."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL
from tests.ids import stable


@pytest.mark.parametrize("aal", ["aal1", "aal2", "highest_available", AAL.AAL1, AAL.AAL2])
def test_level_is_kept_as_plain_text(aal: str) -> None:
    requirement = Requirement(aal)

    assert (requirement.aal, type(requirement.aal)) == (str(aal), str)
    assert (requirement.max_age, requirement.methods, requirement.wants_proof) == (None, None, False)


@pytest.mark.parametrize(
    "aal",
    [
        *(None, "", "aal0", "aal3", "AAL2", "aal2 ", "highest", "HIGHEST_AVAILABLE", AAL.AAL0, AAL.AAL3),
        *(2, True, b"aal2", ["aal2"], {"aal2"}, {}),
    ],
    ids=stable,
)
def test_other_level_is_a_value_error(aal: Any) -> None:
    with pytest.raises(ValueError, match="aal"):
        Requirement(aal)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (600, timedelta(minutes=10)),
        (0.5, timedelta(milliseconds=500)),
        (1e-6, timedelta(microseconds=1)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta.resolution, timedelta(microseconds=1)),
        (timedelta.max, timedelta.max),
        (86_399_999_999_999, timedelta(days=999_999_999, seconds=86_399)),
    ],
    ids=stable,
)
def test_max_age_is_kept_as_timedelta(given: float | timedelta, kept: timedelta) -> None:
    requirement = Requirement("aal1", max_age=given)

    assert (requirement.max_age, requirement.wants_proof) == (kept, True)


@pytest.mark.parametrize(
    "max_age",
    [
        pytest.param(0, id="zero"),
        pytest.param(0.0, id="zero-float"),
        pytest.param(-1, id="negative"),
        pytest.param(-0.001, id="a-little-negative"),
        pytest.param(1e-9, id="too-small-to-be-kept"),
        pytest.param(timedelta(0), id="timedelta-zero"),
        pytest.param(timedelta(seconds=-1), id="timedelta-negative"),
        pytest.param(float("nan"), id="nan"),
        pytest.param(float("inf"), id="infinite"),
        pytest.param(float("-inf"), id="minus-infinite"),
        pytest.param(1e300, id="huge-float"),
        pytest.param(10**18, id="huge-int"),
        pytest.param(10**400, id="int-beyond-float"),
        pytest.param(-(10**400), id="negative-int-beyond-float"),
    ],
)
def test_max_age_out_of_range_is_a_value_error(max_age: float | timedelta) -> None:
    with pytest.raises(ValueError, match="max_age"):
        Requirement("aal2", max_age=max_age)


@pytest.mark.parametrize("max_age", [True, False, "600", "", b"600", Decimal(600), 600j, [600], (1, 2), {}], ids=stable)
def test_max_age_of_another_type_is_a_type_error(max_age: Any) -> None:
    with pytest.raises(TypeError, match="max_age"):
        Requirement("aal2", max_age=max_age)


@pytest.mark.parametrize(
    "methods",
    [
        pytest.param({"totp", "webauthn"}, id="set"),
        pytest.param(frozenset({"totp", "webauthn"}), id="frozenset"),
        pytest.param(["totp", "webauthn", "totp"], id="list"),
        pytest.param(("webauthn", "totp"), id="tuple"),
        pytest.param(iter(["totp", "webauthn"]), id="iterator"),
    ],
)
def test_methods_are_kept_as_frozenset(methods: Any) -> None:
    requirement = Requirement("aal2", methods=methods)

    assert requirement.methods == frozenset({"totp", "webauthn"})
    assert type(requirement.methods) is frozenset
    assert requirement.wants_proof


@pytest.mark.parametrize(
    "methods",
    ["totp", "", b"totp", bytearray(b"totp"), 5, True, object, [b"totp"], {"totp", None}, {"totp", 1}, [["totp"]]],
    ids=stable,
)
def test_methods_of_another_type_are_a_type_error(methods: Any) -> None:
    with pytest.raises(TypeError, match=r"methods must be|unhashable"):
        Requirement("aal2", methods=methods)


@pytest.mark.parametrize("methods", [set(), frozenset(), [], (), {}, iter(()), {""}, {"totp", ""}], ids=stable)
def test_methods_that_name_nothing_are_a_value_error(methods: Any) -> None:
    with pytest.raises(ValueError, match="methods"):
        Requirement("aal2", methods=methods)


@pytest.mark.parametrize(
    "methods", [{"totp"}, {"lookup_secret"}, {"totp", "lookup_secret"}], ids=lambda methods: "+".join(sorted(methods))
)
def test_aal1_with_second_factors_only_is_a_value_error(methods: set[str]) -> None:
    with pytest.raises(ValueError, match="aal1"):
        Requirement("aal1", methods=methods)


@pytest.mark.parametrize(
    ("aal", "methods"),
    [
        ("aal1", {"password"}),
        ("aal1", {"totp", "password"}),
        ("aal1", {"code"}),
        ("aal1", {"webauthn"}),
        ("aal1", {"from_the_future"}),
        ("aal2", {"totp"}),
        ("aal2", {"lookup_secret"}),
        ("highest_available", {"totp", "lookup_secret"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted(value)),
)
def test_methods_that_can_be_met_are_accepted(aal: str, methods: set[str]) -> None:
    assert Requirement(aal, methods=methods).methods == frozenset(methods)


def test_requirement_is_frozen_and_slotted() -> None:
    requirement = Requirement("aal2")

    with pytest.raises(FrozenInstanceError):
        requirement.aal = "aal1"  # type: ignore[misc]  # what must fail
    assert not hasattr(requirement, "__dict__")


def test_equal_requirements_are_equal_however_they_were_written() -> None:
    written = {
        Requirement("aal2", 600, ["totp"]),
        Requirement(AAL.AAL2, timedelta(minutes=10), {"totp"}),
        Requirement(aal="aal2", max_age=600.0, methods=("totp", "totp")),
    }

    assert len(written) == 1


def test_requirement_survives_copies() -> None:
    requirement = Requirement("aal2", 600, ["totp"])

    copies = [copy.deepcopy(requirement), pickle.loads(pickle.dumps(requirement)), replace(requirement)]  # noqa: S301

    assert copies == [requirement] * 3


def test_replacing_a_part_checks_again() -> None:
    requirement = Requirement("aal2", methods={"totp"})

    with pytest.raises(ValueError, match="aal1"):
        replace(requirement, aal="aal1")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [({}, False), ({"max_age": 1}, True), ({"methods": {"totp"}}, True), ({"max_age": 1, "methods": {"totp"}}, True)],
    ids=["level", "age", "method", "both"],
)
def test_proof_is_wanted_where_the_level_alone_does_not_decide(arguments: dict[str, Any], wanted: object) -> None:
    assert Requirement("aal2", **arguments).wants_proof is wanted
