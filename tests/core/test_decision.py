"""``decide`` against the whole table of the design, and the URL at Ory that each outcome leads to."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any, NamedTuple

import pytest

from django_ory_mfa.core.decision import Decision, Outcome, decide, level_to_prove
from django_ory_mfa.core.destination import destination
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.core.session import AAL, AuthenticationMethod, OrySession, SessionState

NOW = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
FLOWS = Flows("https://app.example.test/.ory")
BASE = "https://app.example.test/.ory/self-service"
BACK = "https://app.example.test/page?a=1&b=2"
QUOTED = "https%3A%2F%2Fapp.example.test%2Fpage%3Fa%3D1%26b%3D2"
REQUIRED = ("aal1", "aal2", "highest_available")
ENROLLED = (True, False, None)
ALLOW, LOGIN, STEP_UP, REFRESH, ENROLL, UNAVAILABLE = (
    Outcome.ALLOW,
    Outcome.LOGIN,
    Outcome.STEP_UP,
    Outcome.REFRESH,
    Outcome.ENROLL,
    Outcome.UNAVAILABLE,
)


def entry(method: str, aal: str, age: float | None = 0) -> AuthenticationMethod:
    return AuthenticationMethod(method, AAL(aal), None if age is None else NOW - timedelta(seconds=age))


def active(aal: str, *entries: AuthenticationMethod) -> OrySession:
    return OrySession(SessionState.ACTIVE, id="1", aal=AAL(aal), authentication_methods=entries)


def refused(error_id: str | None, url: str | None = None) -> OrySession:
    return OrySession(SessionState.STEP_UP_REQUIRED, error_id=error_id, redirect_browser_to=url)


def outcome(session: OrySession, requirement: Requirement) -> Outcome:
    return decide(session, requirement, now=NOW).outcome


# Section 3 of the design, row by row: who, and the outcome for aal1, aal2 and highest_available; three outcomes in
# one cell are those for enrolled True, False and None.
TABLE: dict[str, tuple[OrySession, Any, Any, Any]] = {
    "no-session": (OrySession(SessionState.ANONYMOUS), LOGIN, LOGIN, LOGIN),
    "403-aal2-required": (refused("session_aal2_required", f"{BASE}/login/browser"), STEP_UP, STEP_UP, STEP_UP),
    "403-aal2-required-no-url": (refused("session_aal2_required"), STEP_UP, STEP_UP, STEP_UP),
    "403-enrollment-required": (refused("session_aal2_enrollment_required"), ENROLL, ENROLL, ENROLL),
    "403-other": (refused("something_new", f"{BASE}/verification/browser"), STEP_UP, STEP_UP, STEP_UP),
    "403-other-without-id": (refused(None, f"{BASE}/verification/browser"), STEP_UP, STEP_UP, STEP_UP),
    "unavailable": (OrySession(SessionState.UNAVAILABLE, retry_after=5), UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
    "active-aal0": (active("aal0"), REFRESH, STEP_UP, REFRESH),
    "active-aal1": (active("aal1"), ALLOW, (STEP_UP, ENROLL, STEP_UP), (STEP_UP, ALLOW, STEP_UP)),
    "active-aal2": (active("aal2"), ALLOW, ALLOW, ALLOW),
    "active-aal3": (active("aal3"), ALLOW, ALLOW, ALLOW),
}


def cells(who: str) -> dict[tuple[str, bool | None], Outcome]:
    """The outcomes of one row by level and ``enrolled``."""
    _, *row = TABLE[who]
    return {
        (aal, enrolled): cell[place] if isinstance(cell, tuple) else cell
        for aal, cell in zip(REQUIRED, row, strict=True)
        for place, enrolled in enumerate(ENROLLED)
    }


@pytest.mark.parametrize("who", TABLE)
def test_session_meets_level_as_the_design_says(who: str) -> None:
    decisions = {
        (aal, enrolled): decide(TABLE[who][0], Requirement(aal), now=NOW, enrolled=enrolled)
        for aal, enrolled in cells(who)
    }

    assert {key: decision.outcome for key, decision in decisions.items()} == cells(who)
    assert {key: decision.requirement.aal for key, decision in decisions.items()} == {key: key[0] for key in decisions}
    assert {decision.url for decision in decisions.values()} == {None}
    assert {key: decision.is_allowed for key, decision in decisions.items()} == {
        key: expected is ALLOW for key, expected in cells(who).items()
    }


@pytest.mark.parametrize("outcome", Outcome)
def test_decision_is_true_if_it_allows(outcome: Outcome) -> None:
    assert bool(Decision(outcome, Requirement("aal2"), "")) is (outcome is ALLOW)


def test_table_has_every_state_and_every_level() -> None:
    sessions = [session for session, *_ in TABLE.values()]

    assert {session.state for session in sessions} == set(SessionState)
    assert {session.aal for session in sessions if session} == set(AAL)


@pytest.mark.parametrize("who", TABLE)
def test_proof_that_cannot_be_shown_turns_only_allow_into_refresh(who: str) -> None:
    outcomes = {
        (aal, enrolled): decide(
            TABLE[who][0], Requirement(aal, max_age=600, methods={"password"}), now=NOW, enrolled=enrolled
        ).outcome
        for aal, enrolled in cells(who)
    }

    assert outcomes == {key: REFRESH if expected is ALLOW else expected for key, expected in cells(who).items()}


@pytest.mark.parametrize("error_id", ["session_aal2_required", "session_aal2_enrollment_required", "other"])
@pytest.mark.parametrize("aal", AAL)
def test_level_outside_active_counts_for_nothing(aal: AAL, error_id: str) -> None:
    proofs = (entry("totp", "aal2"),)
    states = [state for state in SessionState if state is not SessionState.ACTIVE]

    outcomes = {
        outcome(OrySession(state, aal=aal, authentication_methods=proofs, error_id=error_id), Requirement(wanted))
        for state, wanted in product(states, REQUIRED)
    }

    assert ALLOW not in outcomes


PASSWORD, TOTP, LOOKUP = "password", "totp", "lookup_secret"


class Proof(NamedTuple):
    """The session's level, its entries (method, level, age), what is asked of them, and what follows."""

    level: str
    entries: list[tuple[str, str, float | None]]
    aal: str
    asked: dict[str, Any]
    outcome: Outcome
    enrolled: bool | None = None


PROOFS = {
    # Age, at its boundaries.
    "younger": Proof("aal2", [(TOTP, "aal2", 1)], "aal2", {"max_age": 600}, ALLOW),
    "exactly-max-age": Proof("aal2", [(TOTP, "aal2", 600)], "aal2", {"max_age": 600}, ALLOW),
    "a-microsecond-older": Proof("aal2", [(TOTP, "aal2", 600.000001)], "aal2", {"max_age": 600}, REFRESH),
    "a-microsecond-younger": Proof("aal2", [(TOTP, "aal2", 599.999999)], "aal2", {"max_age": 600}, ALLOW),
    "fraction-of-a-second": Proof("aal2", [(TOTP, "aal2", 0.3)], "aal2", {"max_age": 0.25}, REFRESH),
    "now": Proof("aal2", [(TOTP, "aal2", 0)], "aal2", {"max_age": 1e-6}, ALLOW),
    "a-little-in-the-future-is-now": Proof("aal2", [(TOTP, "aal2", -1)], "aal2", {"max_age": 1e-6}, ALLOW),
    "exactly-60s-in-the-future": Proof("aal2", [(TOTP, "aal2", -60)], "aal2", {"max_age": 1e-6}, ALLOW),
    "beyond-60s-in-the-future": Proof("aal2", [(TOTP, "aal2", -60.000001)], "aal2", {"max_age": 600}, REFRESH),
    "far-in-the-future": Proof("aal2", [(TOTP, "aal2", -86400)], "aal2", {"max_age": timedelta.max}, REFRESH),
    "undated": Proof("aal2", [(TOTP, "aal2", None)], "aal2", {"max_age": 600}, REFRESH),
    "undated-however-patient": Proof("aal2", [(TOTP, "aal2", None)], "aal2", {"max_age": timedelta.max}, REFRESH),
    "undated-without-max-age": Proof("aal2", [(TOTP, "aal2", None)], "aal2", {"methods": {TOTP}}, ALLOW),
    "future-without-max-age": Proof("aal2", [(TOTP, "aal2", -86400)], "aal2", {"methods": {TOTP}}, ALLOW),
    "no-entry-for-age": Proof("aal2", [], "aal2", {"max_age": 600}, REFRESH),
    "no-entry-for-method": Proof("aal2", [], "aal2", {"methods": {TOTP}}, REFRESH),
    "newest-counts": Proof("aal2", [(TOTP, "aal2", 900), (TOTP, "aal2", 9)], "aal2", {"max_age": 600}, ALLOW),
    "newest-counts-in-any-order": Proof(
        "aal2", [(TOTP, "aal2", 9), (TOTP, "aal2", 900)], "aal2", {"max_age": 60}, ALLOW
    ),
    # Methods.
    "method-is-one-of": Proof("aal2", [(TOTP, "aal2", 1)], "aal2", {"methods": {TOTP, "webauthn"}}, ALLOW),
    "method-is-another": Proof("aal2", [(LOOKUP, "aal2", 1)], "aal2", {"methods": {TOTP, "webauthn"}}, REFRESH),
    "method-spelt-otherwise": Proof("aal2", [("TOTP", "aal2", 1)], "aal2", {"methods": {TOTP}}, REFRESH),
    "method-unknown-to-us": Proof("aal2", [("new", "aal2", 1)], "aal2", {"methods": {"new"}}, ALLOW),
    # One and the same entry.
    "level-and-method-shared-out": Proof(
        "aal2", [("code", "aal1", 1), (TOTP, "aal2", 1)], "aal2", {"methods": {"code"}}, REFRESH
    ),
    "level-and-age-shared-out": Proof(
        "aal2", [(PASSWORD, "aal1", 1), (TOTP, "aal2", 900)], "aal2", {"max_age": 600}, REFRESH
    ),
    "method-and-age-shared-out": Proof(
        "aal2", [(TOTP, "aal2", 900), (LOOKUP, "aal2", 1)], "aal2", {"max_age": 600, "methods": {TOTP}}, REFRESH
    ),
    "all-in-one-entry": Proof(
        "aal2", [(LOOKUP, "aal2", 1), (TOTP, "aal2", 5)], "aal2", {"max_age": 600, "methods": {TOTP}}, ALLOW
    ),
    # The level of the entry.
    "aal1-takes-an-aal1-entry": Proof("aal1", [(PASSWORD, "aal1", 1)], "aal1", {"max_age": 600}, ALLOW),
    "aal1-takes-an-aal2-entry": Proof(
        "aal2", [(PASSWORD, "aal1", 900), (TOTP, "aal2", 1)], "aal1", {"max_age": 600}, ALLOW
    ),
    "aal1-takes-an-aal1-entry-of-an-aal2-session": Proof(
        "aal2", [(PASSWORD, "aal1", 1), (TOTP, "aal2", 900)], "aal1", {"max_age": 600}, ALLOW
    ),
    "aal1-refuses-an-entry-of-unknown-level": Proof("aal1", [(PASSWORD, "aal0", 1)], "aal1", {"max_age": 600}, REFRESH),
    "aal2-takes-an-aal3-entry": Proof("aal3", [("webauthn", "aal3", 1)], "aal2", {"max_age": 600}, ALLOW),
    "aal2-refuses-an-aal1-entry": Proof("aal3", [("webauthn", "aal1", 1)], "aal2", {"max_age": 600}, REFRESH),
    # highest_available: the session's own level, at most aal2.
    "highest-aal1-takes-an-aal1-entry": Proof(
        "aal1", [(PASSWORD, "aal1", 1)], "highest_available", {"max_age": 600}, ALLOW, enrolled=False
    ),
    "highest-aal1-refuses-an-old-entry": Proof(
        "aal1", [(PASSWORD, "aal1", 900)], "highest_available", {"max_age": 600}, REFRESH, enrolled=False
    ),
    "highest-aal2-refuses-an-aal1-entry": Proof(
        "aal2", [(PASSWORD, "aal1", 1), (TOTP, "aal2", 900)], "highest_available", {"max_age": 600}, REFRESH
    ),
    "highest-aal2-takes-an-aal2-entry": Proof(
        "aal2", [(PASSWORD, "aal1", 900), (TOTP, "aal2", 1)], "highest_available", {"max_age": 600}, ALLOW
    ),
    "highest-aal3-takes-an-aal2-entry": Proof(
        "aal3", [("webauthn", "aal3", 900), (TOTP, "aal2", 1)], "highest_available", {"max_age": 600}, ALLOW
    ),
    "highest-aal3-refuses-an-aal1-entry": Proof(
        "aal3", [(PASSWORD, "aal1", 1)], "highest_available", {"max_age": 600}, REFRESH
    ),
}


@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS)
def test_one_entry_has_level_method_and_age_or_a_fresh_proof_is_asked(proof: Proof) -> None:
    session = active(proof.level, *(entry(*fields) for fields in proof.entries))

    decision = decide(session, Requirement(proof.aal, **proof.asked), now=NOW, enrolled=proof.enrolled)

    assert decision.outcome is proof.outcome


@pytest.mark.parametrize("aal", ["aal1", "aal2", "highest_available"])
@pytest.mark.parametrize("enrolled", ENROLLED)
def test_refresh_does_not_depend_on_enrolment(aal: str, enrolled: object) -> None:
    session = active("aal2", entry("totp", "aal2", 900))

    decision = decide(session, Requirement(aal, 600), now=NOW, enrolled=enrolled)  # type: ignore[arg-type]  # a table

    assert decision.outcome is REFRESH


def test_level_comes_before_proof() -> None:
    session = active("aal1", entry("totp", "aal2", 1))

    assert outcome(session, Requirement("aal2", max_age=600)) is STEP_UP


@pytest.mark.parametrize("offset", [-12, 0, 5.5], ids=str)
def test_time_zone_of_now_does_not_matter(offset: float) -> None:
    from_elsewhere = NOW.astimezone(timezone(timedelta(hours=offset)))
    session = active("aal2", entry("totp", "aal2", 600))

    assert decide(session, Requirement("aal2", 600), now=from_elsewhere).is_allowed


@pytest.mark.parametrize("outcome", Outcome)
def test_outcomes_are_lower_case_words(outcome: Outcome) -> None:
    assert outcome.replace("_", "").isalpha()
    assert outcome == outcome.lower()


def test_reasons_are_lower_case_words() -> None:
    sessions = [session for session, *_ in TABLE.values()]
    requirements = [Requirement(aal, max_age) for aal in REQUIRED for max_age in (None, 600)]

    reasons = {
        decide(session, requirement, now=NOW, enrolled=enrolled).reason
        for session, requirement, enrolled in product(sessions, requirements, ENROLLED)
    }

    assert [reason for reason in reasons if not reason.replace("_", "").isalpha() or reason != reason.lower()] == []


def test_decision_is_frozen() -> None:
    decision = decide(active("aal1"), Requirement("aal2"), now=NOW)

    with pytest.raises(FrozenInstanceError):
        decision.outcome = ALLOW  # type: ignore[misc]  # what must fail


@pytest.mark.parametrize(
    ("aal", "level", "expected"),
    [
        ("aal1", "aal0", "aal1"),
        ("aal1", "aal3", "aal1"),
        ("aal2", "aal1", "aal2"),
        ("aal2", "aal3", "aal2"),
        ("highest_available", "aal0", "aal1"),
        ("highest_available", "aal1", "aal1"),
        ("highest_available", "aal2", "aal2"),
        ("highest_available", "aal3", "aal2"),
    ],
)
def test_level_to_prove(aal: str, level: str, expected: str) -> None:
    assert level_to_prove(active(level), Requirement(aal)) == expected


PASSWORD_AND_TOTP = active("aal2", entry("password", "aal1", 900), entry("totp", "aal2", 900))
UPSTREAM = active("aal2", entry("oidc", "aal2", 900))
NO_SESSION = OrySession(SessionState.ANONYMOUS)


class Way(NamedTuple):
    """A session, a requirement, the outcome, and the path and query below ``/self-service/`` that it leads to."""

    session: OrySession
    requirement: Requirement
    outcome: Outcome
    target: str | None


AAL1, AAL2, HIGHEST = (Requirement(aal) for aal in REQUIRED)
FRESH1, FRESH2, FRESH_HIGHEST = (Requirement(aal, 600) for aal in REQUIRED)
WAYS = {
    "login": Way(NO_SESSION, AAL2, LOGIN, "login/{kind}"),
    "login-ignores-an-url-of-ory": Way(refused("x", f"{BASE}/settings"), AAL2, LOGIN, "login/{kind}"),
    "step-up": Way(active("aal1"), AAL2, STEP_UP, "login/{kind}?aal=aal2"),
    "step-up-level-unknown": Way(active("aal0"), AAL2, STEP_UP, "login/{kind}?aal=aal2"),
    "step-up-403": Way(
        refused("session_aal2_required", f"{BASE}/login/browser?aal=aal2&x=1"), AAL2, STEP_UP, "login/{kind}?aal=aal2"
    ),
    "step-up-403-no-url": Way(refused("session_aal2_required"), AAL1, STEP_UP, "login/{kind}?aal=aal2"),
    "enroll": Way(active("aal1"), AAL2, ENROLL, "settings/{kind}"),
    "enroll-403": Way(refused("session_aal2_enrollment_required"), AAL2, ENROLL, "settings/{kind}"),
    "refresh-aal1": Way(PASSWORD_AND_TOTP, FRESH1, REFRESH, "login/{kind}?refresh=true"),
    "refresh-level-unknown": Way(active("aal0"), AAL1, REFRESH, "login/{kind}?refresh=true"),
    "refresh-highest-level-unknown": Way(active("aal0"), HIGHEST, REFRESH, "login/{kind}?refresh=true"),
    "refresh-highest-at-aal1": Way(active("aal1"), FRESH_HIGHEST, REFRESH, "login/{kind}?refresh=true"),
    "refresh-highest-at-aal2": Way(PASSWORD_AND_TOTP, FRESH_HIGHEST, REFRESH, "login/{kind}?refresh=true&aal=aal2"),
    "refresh-aal2": Way(PASSWORD_AND_TOTP, FRESH2, REFRESH, "login/{kind}?refresh=true&aal=aal2"),
    "refresh-aal2-without-entries": Way(active("aal2"), FRESH2, REFRESH, "login/{kind}?refresh=true&aal=aal2"),
    "refresh-aal2-oidc-at-aal1-only": Way(
        active("aal2", entry("oidc", "aal1")), FRESH2, REFRESH, "login/{kind}?refresh=true&aal=aal2"
    ),
    "refresh-aal2-oidc-only": Way(UPSTREAM, FRESH2, REFRESH, "login/{kind}?refresh=true"),
    "refresh-aal2-oidc-and-saml": Way(
        active("aal2", entry("oidc", "aal2"), entry("saml", "aal2")), FRESH2, REFRESH, "login/{kind}?refresh=true"
    ),
    "refresh-aal2-oidc-beside-aal1": Way(
        active("aal2", entry("password", "aal1"), entry("oidc", "aal2")), FRESH2, REFRESH, "login/{kind}?refresh=true"
    ),
    "refresh-aal2-oidc-and-totp": Way(
        active("aal2", entry("oidc", "aal2"), entry("totp", "aal2")),
        FRESH2,
        REFRESH,
        "login/{kind}?refresh=true&aal=aal2",
    ),
    "refresh-highest-oidc-only": Way(UPSTREAM, FRESH_HIGHEST, REFRESH, "login/{kind}?refresh=true"),
    "allow": Way(PASSWORD_AND_TOTP, AAL2, ALLOW, None),
    "unavailable": Way(OrySession(SessionState.UNAVAILABLE), AAL2, UNAVAILABLE, None),
}


def flow_of(way: Way, return_to: str | None, kind: str) -> str | None:
    """Where the way leads, as the table says."""
    if way.target is None:
        return None
    flow = f"{BASE}/{way.target.format(kind=kind)}"
    return flow if return_to is None else f"{flow}{'&' if '?' in flow else '?'}return_to={QUOTED}"


@pytest.mark.parametrize("kind", ["browser", "api"])
@pytest.mark.parametrize("return_to", [None, BACK], ids=["bare", "return_to"])
def test_outcome_leads_to_its_flow(return_to: str | None, kind: str) -> None:
    urls = {
        name: destination(
            Decision(way.outcome, way.requirement, "reason"), way.session, FLOWS, return_to=return_to, kind=kind
        )
        for name, way in WAYS.items()
    }

    assert urls == {name: flow_of(way, return_to, kind) for name, way in WAYS.items()}


def test_every_outcome_has_a_way() -> None:
    assert {way.outcome for way in WAYS.values()} == set(Outcome)


@pytest.mark.parametrize("error_id", [None, "something_new", "privileged_session_required"], ids=str)
@pytest.mark.parametrize(
    ("given", "return_to", "expected"),
    [
        pytest.param("verification/browser", BACK, f"verification/browser?return_to={QUOTED}", id="added"),
        pytest.param("x?return_to=https%3A%2F%2Fevil.test&flow=1", BACK, f"x?flow=1&return_to={QUOTED}", id="replaced"),
        pytest.param(
            "x?return_to=a&return%5Fto=b&return_to=c", BACK, f"x?return_to={QUOTED}", id="replaced-however-often"
        ),
        pytest.param("x?flow=1&return_to=https://evil.test", None, "x?flow=1", id="removed"),
        pytest.param("x?return_to=https://evil.test", None, "x", id="removed-with-the-query"),
        pytest.param("x?a=&b=%26#return_to=y", BACK, f"x?a=&b=%26&return_to={QUOTED}", id="rest-kept-but-fragment"),
    ],
)
def test_other_403_leads_to_its_own_url_with_our_return_to(
    error_id: str | None, given: str, return_to: str | None, expected: str
) -> None:
    session = refused(error_id, f"{BASE}/{given}")
    decision = decide(session, Requirement("aal1"), now=NOW)

    assert destination(decision, session, FLOWS, return_to=return_to) == f"{BASE}/{expected}"


def test_other_403_leads_token_clients_to_the_api_flow() -> None:
    session = refused("something_new", f"{BASE}/verification/browser")
    decision = decide(session, Requirement("aal1"), now=NOW)

    assert destination(decision, session, FLOWS, kind="api") == f"{BASE}/login/api?aal=aal2"
