"""Which address of an identity counts: only what Ory has verified."""

from __future__ import annotations

from typing import Any

import pytest

from django_ory_mfa import Identity
from django_ory_mfa.core.addresses import own_email, verified_addresses, verified_email


def address(value: object, *, verified: object = True, via: object = "email") -> dict[str, Any]:
    return {"value": value, "verified": verified, "via": via}


def identity(*addresses: dict[str, Any], **traits: Any) -> Identity:
    return Identity("id", traits=traits, verifiable_addresses=addresses)


ANN, BOB = "ann@example.test", "bob@example.test"


@pytest.mark.parametrize("verified", [False, None, "true", 1, "false", []], ids=repr)
def test_address_that_is_not_verified_counts_for_nothing(verified: object) -> None:
    assert verified_email(identity(address(ANN, verified=verified), email=ANN)) is None


@pytest.mark.parametrize("odd", [{}, {"value": ANN, "via": "email"}, {"value": ANN, "verified": True}], ids=str)
def test_address_that_says_less_counts_for_nothing(odd: dict[str, Any]) -> None:
    assert verified_email(identity(odd, email=ANN)) is None


@pytest.mark.parametrize("value", [None, "", 5, [ANN], {"email": ANN}], ids=repr)
def test_address_that_is_no_text_counts_for_nothing(value: object) -> None:
    assert verified_email(identity(address(value), email=ANN)) is None


def test_phone_number_is_no_email_address() -> None:
    both = identity(address("+4930123456", via="sms"), address(ANN))

    assert verified_email(both) == ANN
    assert verified_addresses(both, "sms") == ["+4930123456"]


def test_trait_alone_counts_for_nothing() -> None:
    assert verified_email(identity(email=ANN)) is None


@pytest.mark.parametrize("trait", [BOB, "", None, 5, ["ann@example.test"], {"a": 1}], ids=repr)
def test_trait_that_is_not_among_the_verified_ones_gives_way_to_the_first(trait: object) -> None:
    assert verified_email(identity(address(ANN), address("carl@example.test"), email=trait)) == ANN


def test_trait_says_which_of_the_verified_ones_is_meant() -> None:
    assert verified_email(identity(address(ANN), address(BOB), email=BOB)) == BOB


@pytest.mark.parametrize(("trait", "meant"), [("Bob@Example.test", "Bob@Example.test"), (" bob@example.test ", BOB)])
def test_trait_is_found_as_ory_stores_it(trait: str, meant: str) -> None:
    """In lower case and without blanks; the trait says how the person writes it."""
    assert verified_email(identity(address(ANN), address(BOB), email=trait)) == meant


def test_letter_that_only_becomes_the_same_is_another_one() -> None:
    """The sign for kelvin is a k in lower case."""
    assert verified_email(identity(address("k@example.test"), email="\u212a@example.test")) == "k@example.test"


def test_address_beyond_ascii_is_found_as_it_is() -> None:
    assert verified_email(identity(address(ANN), address("bücher@example.test"), email="bücher@example.test")) == (
        "bücher@example.test"
    )


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (identity(address("b@example.test"), email="a@example.test"), "b@example.test"),
        (identity(address("a@example.test", verified=False), email="a@example.test"), "a@example.test"),
        (identity(email=""), None),
        (identity(email=["a@example.test"]), None),
        (identity(), None),
    ],
)
def test_person_sees_a_verified_address_or_else_the_trait(person: Identity, shown: str | None) -> None:
    assert own_email(person) == shown
