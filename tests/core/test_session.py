"""Sessions are frozen facts: what they answer, what they hide, and how Ory's SDK sees them."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.flows import Flows
from django_ory_mfa.core.session import (
    AAL,
    ANONYMOUS,
    AuthenticationMethod,
    Identity,
    OrySession,
    SessionState,
    active_session,
)
from django_ory_mfa.core.whoami import read_whoami

RECORDINGS = Path(__file__).parents[1] / "recordings"
NOW = datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
STATES = {
    SessionState.ACTIVE: (True, True),
    SessionState.ANONYMOUS: (False, False),
    SessionState.STEP_UP_REQUIRED: (False, True),
    SessionState.UNAVAILABLE: (False, False),
}
PRIVATE = {"email": "person@example.test"}
PERSON = Identity(
    "4711",
    traits=PRIVATE,
    metadata_public={"plan": "secret-plan"},
    verifiable_addresses=({"value": "verifiable@example.test"},),
    recovery_addresses=({"value": "recovery@example.test"},),
)
SESSION = OrySession(SessionState.ACTIVE, id="0815", aal=AAL.AAL1, identity=PERSON, raw={"traits": PRIVATE})


def proof(aal: str, age: int | None, method: str = "password") -> AuthenticationMethod:
    return AuthenticationMethod(method, AAL(aal), None if age is None else NOW - timedelta(seconds=age))


def recorded_sessions() -> list[Path]:
    """The recordings whose body is a session."""
    return [path for path in sorted(RECORDINGS.glob("*/whoami_*.json")) if "active" in recorded_body(path)]


def recorded_body(path: Path) -> Any:
    return json.loads(path.read_text())["response"]["body"]


def session_of(body: object) -> OrySession:
    return read_whoami(Answer(200, body=json.dumps(body).encode()), now=NOW, flows=Flows("http://127.0.0.1:4433"))


A_RECORDED_BODY = recorded_body(RECORDINGS / "v1.3.1" / "whoami_aal2_totp.json")


def changed(**fields: object) -> OrySession:
    """A session read from a recorded body that is changed by ``fields``."""
    return session_of({**A_RECORDED_BODY, **fields})


def test_states_are_words_that_sites_compare_with() -> None:
    assert list(map(str, SessionState)) == ["active", "anonymous", "step_up_required", "unavailable"]


def test_bare_identity_and_proof_say_nothing_else() -> None:
    assert Identity("0815") == Identity("0815", None, None, None, {}, None, (), (), None, None, None)
    assert AuthenticationMethod("password", AAL.AAL1) == AuthenticationMethod("password", AAL.AAL1, None, None)


@pytest.mark.parametrize("text", ["aal0", "aal1", "aal2", "aal3"])
def test_known_level_is_equal_to_its_text(text: str) -> None:
    level = AAL.of(text)

    assert (level, str(level), f"{level}", json.dumps(level)) == (text, text, text, f'"{text}"')


def test_levels_are_ordered() -> None:
    assert list(AAL) == sorted([AAL.AAL3, AAL.AAL1, AAL.AAL2, AAL.AAL0])


@pytest.mark.parametrize(
    "value",
    [None, "", "aal", "aal4", "AAL2", " aal2", "aal2 ", "aal2\n", "2", 2, 2.0, True, b"aal2", ["aal2"], {"aal2": 1}],
    ids=repr,
)
def test_unknown_level_is_aal0(value: object) -> None:
    assert AAL.of(value) is AAL.AAL0


def test_every_state_is_in_the_table() -> None:
    assert set(STATES) == set(SessionState)


@pytest.mark.parametrize(("state", "expected"), STATES.items(), ids=str)
def test_only_an_active_session_is_true(state: SessionState, expected: tuple[bool, bool]) -> None:
    session = OrySession(state)

    assert (bool(session), session.is_signed_in) == expected
    assert session.is_authenticated is bool(session)


@pytest.mark.parametrize("state", SessionState)
def test_a_bare_session_has_level_aal0_and_no_facts(state: SessionState) -> None:
    session = OrySession(state)

    assert (session.aal, session.authentication_methods, session.identity, session.id) == (AAL.AAL0, (), None, None)


def test_anonymous_is_a_session() -> None:
    assert OrySession(SessionState.ANONYMOUS) == ANONYMOUS


@pytest.mark.parametrize(
    ("ages", "aal", "expected"),
    [
        pytest.param([], "aal1", None, id="no-entry"),
        pytest.param([("aal1", 50)], "aal1", 50, id="the-only-one"),
        pytest.param([("aal1", 50)], "aal2", None, id="below-the-level"),
        pytest.param([("aal1", 50), ("aal2", 90)], "aal2", 90, id="at-the-level"),
        pytest.param([("aal1", 50), ("aal3", 90)], "aal2", 90, id="above-the-level"),
        pytest.param([("aal1", 50), ("aal2", 20), ("aal1", 70)], "aal1", 20, id="newest-of-all"),
        pytest.param([("aal2", 10), ("aal2", 5), ("aal2", 30)], "aal2", 5, id="newest-not-last"),
        pytest.param([("aal2", None)], "aal2", None, id="undated"),
        pytest.param([("aal2", None), ("aal2", 7)], "aal2", 7, id="undated-beside-dated"),
        pytest.param([("aal0", 3)], "aal1", None, id="unknown-level-proves-nothing"),
        pytest.param([("aal0", 3)], "aal0", 3, id="aal0-asked"),
    ],
)
def test_proof_at_is_the_newest_at_the_level_or_above(
    ages: list[tuple[str, int | None]], aal: str, expected: int | None
) -> None:
    session = replace(SESSION, authentication_methods=tuple(proof(level, age) for level, age in ages))

    for asked in (aal, AAL(aal)):
        assert session.proof_at(asked) == (None if expected is None else NOW - timedelta(seconds=expected))


@pytest.mark.parametrize("aal", ["AAL2", "", "2", "AAL", "aal9"])
def test_proof_at_a_level_that_does_not_exist_is_none(aal: str) -> None:
    """Design 6, rule 1: unknown means less. Text in capitals sorts before ``"aal1"``, so a password proved it."""
    session = replace(SESSION, authentication_methods=(proof("aal1", 50),))

    assert session.proof_at(aal) is None


@pytest.mark.parametrize("value", [SESSION, PERSON, proof("aal1", 1)], ids=lambda value: type(value).__name__)
def test_values_are_frozen_and_slotted(value: object) -> None:
    name = next(iter(type(value).__slots__))  # type: ignore[attr-defined]

    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "changed")
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("value", [SESSION, PERSON, proof("aal1", 1)], ids=lambda value: type(value).__name__)
def test_values_can_be_hashed_copied_and_pickled(value: object) -> None:
    assert len({value, copy.deepcopy(value), pickle.loads(pickle.dumps(value))}) == 1  # noqa: S301 - our own bytes


@pytest.mark.parametrize("value", [PERSON, SESSION], ids=["identity", "session"])
def test_repr_hides_personal_data(value: object) -> None:
    shown = repr(value)

    assert "4711" in shown
    assert [secret for secret in ("example.test", "secret-plan", "traits", "metadata", "raw") if secret in shown] == []


@pytest.mark.parametrize("path", recorded_sessions(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recorded_session_is_the_same_in_orys_sdk(path: Path) -> None:
    body = recorded_body(path)
    before = copy.deepcopy(body)

    theirs: Any = session_of(body).to_ory_client()

    assert (str(theirs.id), str(theirs.identity.id)) == (body["id"], body["identity"]["id"])
    assert theirs.authenticator_assurance_level == body["authenticator_assurance_level"]
    assert [(entry.method, entry.aal) for entry in theirs.authentication_methods] == [
        (entry["method"], entry["aal"]) for entry in body["authentication_methods"]
    ]
    assert body == before


@pytest.mark.parametrize("state", [state for state in SessionState if state is not SessionState.ACTIVE])
@pytest.mark.parametrize("raw", [None, {}], ids=["nothing", "some"])
def test_conversion_outside_active_is_a_value_error(state: SessionState, raw: object) -> None:
    with pytest.raises(ValueError, match=state.value):
        OrySession(state, raw=raw).to_ory_client()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"authentication_methods": [{"method": "from_the_future", "aal": "aal2"}]}, id="unknown-method"),
        pytest.param({"authentication_methods": ["totp"]}, id="entry-not-an-object"),
        pytest.param({"authentication_methods": 5}, id="entries-not-a-list"),
        pytest.param({"devices": 5}, id="devices-not-a-list"),
        pytest.param({"authenticator_assurance_level": "aal9"}, id="unknown-level"),
        pytest.param({"expires_at": "tomorrow"}, id="unreadable-time"),
        pytest.param({"identity": {"id": "no-uuid"}}, id="identity-not-complete"),
    ],
)
def test_conversion_of_what_the_sdk_does_not_know_is_a_value_error(fields: dict[str, object]) -> None:
    session = changed(**fields)

    assert session
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the SDK's
        session.to_ory_client()


def test_conversion_of_a_session_without_an_answer_is_a_value_error() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any text will do
        OrySession(SessionState.ACTIVE, id="0815", aal=AAL.AAL1, identity=PERSON).to_ory_client()


def test_conversion_error_shows_no_personal_data() -> None:
    """Design 6, rule 7. The SDK's own error quotes its input."""
    session = changed(identity={"id": "1", "traits": PRIVATE, "verifiable_addresses": ["person@example.test"]})

    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is judged below
        session.to_ory_client()
    assert "example.test" not in str(caught.value)


def test_importing_the_package_does_not_import_the_sdk() -> None:
    program = """
import pkgutil, sys
import django
django.setup()
import django_ory_mfa
# What needs users or a framework is imported by those who name it.
NAMED = [f"django_ory_mfa.contrib.{name}" for name in ("auth", "ninja", "rest_framework")]
names = [module.name for module in pkgutil.walk_packages(django_ory_mfa.__path__, "django_ory_mfa.")
         if not module.name.startswith(("django_ory_mfa.testing", *NAMED))]
for name in names:
    __import__(name)
assert "django_ory_mfa.templatetags.ory_mfa" in sys.modules and len(names) > 20
print(*[name for name in sys.modules if name.partition(".")[0] in ("ory_client", "pydantic")])
"""
    # With users, whose app needs those of Django.
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.contrib_auth.settings",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }

    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def unread(name: str) -> OrySession:
    """A session of which nothing but the level was read."""
    return active_session(AAL.AAL1, None, {"raw": name, "identity": Identity("i")}.get)


def test_text_of_a_session_is_the_id_of_its_person_and_without_one_its_state() -> None:
    assert str(OrySession(SessionState.ACTIVE, identity=Identity("i"))) == "i"
    assert str(OrySession(SessionState.UNAVAILABLE)) == "unavailable"
    assert str(unread("a")) == "i"


def test_sessions_are_equal_by_what_is_read_however_it_is_read() -> None:
    assert unread("a") == unread("a")
    assert unread("a") != unread("b")


def test_how_the_rest_is_read_is_nobodys_business() -> None:
    assert "read_part" not in repr(unread("a"))
    with pytest.raises(TypeError):
        OrySession(SessionState.ACTIVE, _read_part=str)  # type: ignore[call-arg]  # what must fail
