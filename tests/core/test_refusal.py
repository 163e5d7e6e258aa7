"""A refusal as a value: status, headers and JSON, without Django."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from django_ory_mfa import AAL, Decision, OrySession, Outcome, Requirement, SessionState
from django_ory_mfa.core.credentials import CredentialKind
from django_ory_mfa.core.errors import ErrorId
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.refusal import ERRORS, Refusal, csrf_failed, forbidden, refusal

COOKIE, TOKEN = CredentialKind.COOKIE, CredentialKind.TOKEN
FLOWS = Flows("https://ory.example.com")
ORY = "https://ory.example.com/self-service"
ANONYMOUS = OrySession(SessionState.ANONYMOUS)
DUE = OrySession(SessionState.STEP_UP_REQUIRED, error_id="session_aal2_required")
AAL1 = OrySession(SessionState.ACTIVE, id="s", aal=AAL.AAL1)
DOWN = OrySession(SessionState.UNAVAILABLE, retry_after=7)
PLAIN = Requirement("aal2")


def refused(
    outcome: Outcome,
    by: CredentialKind = COOKIE,
    session: OrySession = AAL1,
    requirement: Requirement = PLAIN,
    url: str | None = None,
) -> Refusal:
    return refusal(Decision(outcome, requirement, "because", url), session, FLOWS, by=by)


ROWS: list[tuple[Outcome, OrySession, CredentialKind, int, str, dict[str, str]]] = [
    (Outcome.LOGIN, ANONYMOUS, COOKIE, 401, "session_inactive", {"redirect_browser_to": "login/browser"}),
    (Outcome.LOGIN, ANONYMOUS, TOKEN, 401, "session_inactive", {"login_flow": "login/api"}),
    (Outcome.STEP_UP, DUE, COOKIE, 403, "session_aal2_required", {"redirect_browser_to": "login/browser?aal=aal2"}),
    (Outcome.STEP_UP, DUE, TOKEN, 401, "session_aal2_required", {"login_flow": "login/api?aal=aal2"}),
    (
        Outcome.REFRESH,
        AAL1,
        COOKIE,
        403,
        "session_refresh_required",
        {"redirect_browser_to": "login/browser?refresh=true&aal=aal2"},
    ),
    (
        Outcome.REFRESH,
        AAL1,
        TOKEN,
        401,
        "session_refresh_required",
        {"login_flow": "login/api?refresh=true&aal=aal2"},
    ),
    (
        Outcome.ENROLL,
        AAL1,
        COOKIE,
        403,
        "session_aal2_enrollment_required",
        {"redirect_browser_to": "settings/browser"},
    ),
    (Outcome.ENROLL, AAL1, TOKEN, 403, "session_aal2_enrollment_required", {"settings_flow": "settings/api"}),
    (Outcome.UNAVAILABLE, DOWN, COOKIE, 503, "ory_unavailable", {}),
    (Outcome.UNAVAILABLE, DOWN, TOKEN, 503, "ory_unavailable", {}),
]


@pytest.mark.parametrize(
    ("outcome", "session", "by", "status", "error_id", "links"),
    ROWS,
    ids=[f"{row[0]}-{row[2]}" for row in ROWS],
)
def test_outcome_is_told_with_its_status_id_and_link(
    outcome: Outcome, session: OrySession, by: CredentialKind, status: int, error_id: str, links: dict[str, str]
) -> None:
    found = refused(outcome, by, session)

    details = found.body["error"]["details"]
    given = {name: value for name, value in {**details, **found.body}.items() if isinstance(value, str)}
    assert (found.status, found.body["error"]["code"], found.body["error"]["id"]) == (status, status, error_id)
    assert {name: url.removeprefix(f"{ORY}/") for name, url in given.items() if url.startswith(ORY)} == links
    assert set(found.body) == {"error", *(name for name in links if name == "redirect_browser_to")}


@pytest.mark.parametrize("outcome", list(ERRORS))
@pytest.mark.parametrize("by", [COOKIE, TOKEN])
def test_refusal_is_never_stored_and_is_json(outcome: Outcome, by: CredentialKind) -> None:
    found = refused(outcome, by)

    assert found.headers["Cache-Control"] == "no-store"
    assert json.loads(json.dumps(found.body)) == found.body
    assert type(found.body["error"]["id"]) is str


def test_every_refusing_outcome_has_an_error_and_every_id_is_used_once() -> None:
    assert set(ERRORS) == set(Outcome) - {Outcome.ALLOW}
    assert sorted([*(error.id for error in ERRORS.values()), ErrorId.FORBIDDEN]) == sorted(ErrorId)


def test_decision_that_allows_has_no_refusal() -> None:
    with pytest.raises(KeyError):
        refused(Outcome.ALLOW)


@pytest.mark.parametrize(("session", "seconds"), [(DOWN, "7"), (OrySession(SessionState.UNAVAILABLE), "5")])
def test_outage_says_when_to_come_back(session: OrySession, seconds: str) -> None:
    assert refused(Outcome.UNAVAILABLE, session=session).headers["Retry-After"] == seconds


@pytest.mark.parametrize("outcome", [outcome for outcome in ERRORS if outcome is not Outcome.UNAVAILABLE])
def test_only_an_outage_says_when_to_come_back(outcome: Outcome) -> None:
    assert "Retry-After" not in refused(outcome, session=DOWN).headers


STRICT = Requirement("aal2", max_age=600, methods={"webauthn", "totp"})


def test_details_name_what_is_required() -> None:
    details = refused(Outcome.REFRESH, requirement=STRICT).body["error"]["details"]

    assert details == {"required_aal": "aal2", "max_age": 600, "methods": ["totp", "webauthn"]}


def test_details_name_nothing_else() -> None:
    assert refused(Outcome.STEP_UP).body["error"]["details"] == {"required_aal": "aal2"}


def challenge(level: str, more: str = "", *, outcome: Outcome = Outcome.STEP_UP) -> str:
    return (
        f'Bearer error="insufficient_user_authentication", error_description="{ERRORS[outcome].message}", '
        f'acr_values="{level}"{more}'
    )


@pytest.mark.parametrize(
    ("outcome", "by", "requirement", "expected"),
    [
        (Outcome.LOGIN, COOKIE, PLAIN, "Bearer"),
        (Outcome.LOGIN, TOKEN, PLAIN, 'Bearer error="invalid_token"'),
        (Outcome.STEP_UP, TOKEN, PLAIN, challenge("aal2")),
        (Outcome.STEP_UP, TOKEN, Requirement("aal1"), challenge("aal2")),
        (Outcome.STEP_UP, TOKEN, STRICT, challenge("aal2", ', max_age="600"')),
        (Outcome.REFRESH, TOKEN, STRICT, challenge("aal2", ', max_age="600"', outcome=Outcome.REFRESH)),
        (Outcome.REFRESH, TOKEN, Requirement("aal1", 0.5), challenge("aal1", ', max_age="1"', outcome=Outcome.REFRESH)),
    ],
)
def test_401_challenges_as_the_rfcs_say(
    outcome: Outcome, by: CredentialKind, requirement: Requirement, expected: str
) -> None:
    found = refused(outcome, by, requirement=requirement)

    assert (found.status, found.headers["WWW-Authenticate"]) == (401, expected)


@pytest.mark.parametrize("aal", [AAL.AAL1, AAL.AAL2])
def test_fresh_proof_is_wanted_at_the_highest_level_that_the_session_has(aal: AAL) -> None:
    session = OrySession(SessionState.ACTIVE, id="s", aal=aal)
    found = refused(Outcome.REFRESH, TOKEN, session, Requirement("highest_available", 600))

    assert f'acr_values="{aal}"' in found.headers["WWW-Authenticate"]


@pytest.mark.parametrize("outcome", [outcome for outcome in ERRORS if outcome is not Outcome.LOGIN])
def test_403_and_503_challenge_nobody(outcome: Outcome) -> None:
    assert "WWW-Authenticate" not in refused(outcome).headers


def link(found: Refusal) -> Any:
    return found.body.get("redirect_browser_to")


def test_url_of_the_decision_is_the_link_without_its_return_to() -> None:
    found = refused(Outcome.STEP_UP, url=f"{ORY}/settings/browser?return_to=https%3A%2F%2Fwww.example.com%2F&x=1")

    assert link(found) == f"{ORY}/settings/browser?x=1"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/self-service/login/browser",
        "http://ory.example.com/self-service/login/browser",
        f"{ORY}/../sessions/whoami",
        "https://ory.example.com/sessions/whoami",
        "https://ory.example.com@evil.test/self-service/x",
        "javascript:alert(1)",
        "/self-service/login/browser",
        "",
    ],
)
def test_url_outside_of_orys_flows_is_not_used(url: str) -> None:
    assert link(refused(Outcome.STEP_UP, url=url)) == f"{ORY}/login/browser?aal=aal2"


def test_outage_leads_nowhere_whatever_the_decision_says() -> None:
    assert link(refused(Outcome.UNAVAILABLE, session=DOWN, url=f"{ORY}/login/browser")) is None


@pytest.mark.parametrize("outcome", list(ERRORS))
def test_token_client_gets_no_link_for_browsers(outcome: Outcome) -> None:
    """Not even that of the decision."""
    found = refused(outcome, TOKEN, url=f"{ORY}/settings/browser")

    assert "/browser" not in json.dumps(found.body)


def test_person_without_a_right_is_told_without_a_link() -> None:
    told = forbidden("You have no account here.", reason="conflict")

    assert (told.status, told.headers) == (403, {"Cache-Control": "no-store"})
    assert told.body == {
        "error": {
            "id": "forbidden",
            "code": 403,
            "status": "Forbidden",
            "reason": "You have no account here.",
            "message": "You have no account here.",
            "details": {"reason": "conflict"},
        }
    }


@pytest.mark.parametrize(
    ("outcome", "by", "text"),
    [
        (Outcome.LOGIN, COOKIE, "Unauthorized"),
        (Outcome.STEP_UP, TOKEN, "Unauthorized"),
        (Outcome.STEP_UP, COOKIE, "Forbidden"),
        (Outcome.UNAVAILABLE, COOKIE, "Service Unavailable"),
    ],
)
def test_status_has_its_name_of_http_and_the_message_is_its_reason(
    outcome: Outcome, by: CredentialKind, text: str
) -> None:
    error = refused(outcome, by).body["error"]

    assert error["status"] == text
    assert error["message"] == error["reason"] == ERRORS[outcome].message


def test_forged_request_is_told_without_a_link() -> None:
    told = csrf_failed("The CSRF token is missing.")

    assert (told.status, told.headers) == (403, {"Cache-Control": "no-store"})
    assert told.body == {
        "error": {
            "id": "csrf_failed",
            "code": 403,
            "status": "Forbidden",
            "reason": "The CSRF token is missing.",
            "message": "The CSRF token is missing.",
            "details": {},
        }
    }


def test_refusal_cannot_be_turned_into_something_else() -> None:
    with pytest.raises(FrozenInstanceError):
        forbidden("no").status = 200  # type: ignore[misc]  # what must fail


@pytest.mark.parametrize("outcome", ERRORS)
def test_outcome_has_a_sentence_of_its_own_for_the_developer(outcome: Outcome) -> None:
    others = [error.message for other, error in ERRORS.items() if other is not outcome]

    assert ERRORS[outcome].message.endswith(".")
    assert ERRORS[outcome].message not in others
