"""Which proofs of a session are by a wanted method, and which is the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_ory_mfa.core.proofs import advice_on, has_used_wanted, newest_by_method, newest_proof, other_proof_since
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, AuthenticationMethod, OrySession, SessionState

NOW = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
SINCE = NOW.timestamp()
TOTP = Requirement("aal2", methods={"totp"})
PASSWORD = Requirement("aal1", methods={"password"})


def proof(method: str, aal: str, after: float | None = 0) -> AuthenticationMethod:
    """A proof so many seconds after the moment that the tests ask about; None for one without a time."""
    return AuthenticationMethod(method, AAL(aal), None if after is None else NOW + timedelta(seconds=after))


def active(*proofs: AuthenticationMethod) -> OrySession:
    return OrySession(SessionState.ACTIVE, aal=AAL.AAL2, authentication_methods=proofs)


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ((proof("totp", "aal2", None),), True),
        ((proof("totp", "aal2", -9999), proof("webauthn", "aal2")), True),
        ((proof("webauthn", "aal2"),), False),
        # What Ory would not count for the level is no use of the method.
        ((proof("totp", "aal1"),), False),
        ((), False),
    ],
)
def test_wanted_method_was_used_at_the_level_at_any_time(
    proofs: tuple[AuthenticationMethod, ...], *, expected: bool
) -> None:
    assert has_used_wanted(active(*proofs), TOTP) is expected


@pytest.mark.parametrize(("aal", "expected"), [("aal1", True), ("aal2", False)])
def test_wanted_method_counts_at_the_highest_level_that_the_session_has(aal: str, *, expected: bool) -> None:
    requirement = Requirement("highest_available", methods={"password"})
    session = OrySession(SessionState.ACTIVE, aal=AAL(aal), authentication_methods=(proof("password", "aal1"),))

    assert has_used_wanted(session, requirement) is expected


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ((proof("webauthn", "aal2"),), "webauthn"),
        ((proof("webauthn", "aal2", -0.001),), None),
        ((proof("webauthn", "aal2", None),), None),
        # The newest decides, wherever it stands.
        ((proof("webauthn", "aal2", 2), proof("totp", "aal2", 1)), "webauthn"),
        ((proof("webauthn", "aal2", 1), proof("totp", "aal2", 2)), None),
        ((proof("webauthn", "aal2", 1), proof("code", "aal2", 1)), "webauthn"),
        # The password has to come before the second factor.
        ((proof("password", "aal1", 1),), None),
        ((), None),
    ],
)
def test_newest_proof_at_the_level_is_another_if_it_is_recent_and_unwanted(
    proofs: tuple[AuthenticationMethod, ...], expected: str | None
) -> None:
    other = other_proof_since(active(*proofs), TOTP, SINCE)

    assert (other and other.method) == expected


def test_second_factor_is_another_proof_where_a_password_is_wanted() -> None:
    found = other_proof_since(active(proof("password", "aal1"), proof("totp", "aal2", 1)), PASSWORD, SINCE)

    assert found == proof("totp", "aal2", 1)


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ((proof("totp", "aal2"),), "totp"),
        ((proof("totp", "aal2", -0.001),), None),
        ((proof("totp", "aal2", None),), None),
        ((proof("totp", "aal2", 2), proof("password", "aal1", 1)), "totp"),
        ((proof("password", "aal1", 1), proof("totp", "aal2", 1)), "password"),
        ((), None),
    ],
)
def test_newest_proof_is_of_any_level_and_not_older_than_asked(
    proofs: tuple[AuthenticationMethod, ...], expected: str | None
) -> None:
    newest = newest_proof(active(*proofs), since=SINCE)

    assert (newest and newest.method) == expected


def test_newest_of_each_method_is_kept_in_the_order_of_first_use() -> None:
    old, new, undated = proof("password", "aal1", -5), proof("password", "aal1", 5), proof("password", "aal1", None)
    google = AuthenticationMethod("oidc", AAL.AAL1, NOW, "google")
    github = AuthenticationMethod("oidc", AAL.AAL1, NOW, "github")
    code, second_code = proof("code", "aal1"), proof("code", "aal2")

    assert newest_by_method([old, google, new, undated, github, code, second_code]) == [
        new,
        google,
        github,
        code,
        second_code,
    ]


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ((proof("code", "aal2"), proof("lookup_secret", "aal2")), "codes"),
        ((proof("password", "aal1"), proof("code", "aal2")), "stronger"),
        ((proof("totp", "aal2"), proof("code", "aal2")), ""),
        ((proof("code", "aal1"),), ""),
        ((), ""),
    ],
)
def test_advice_is_about_the_second_factors_that_were_used(
    proofs: tuple[AuthenticationMethod, ...], expected: str
) -> None:
    assert advice_on(active(*proofs)) == expected
