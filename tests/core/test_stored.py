from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.session import AAL, POSTPONED, AuthenticationMethod, Identity, OrySession, SessionState
from django_ory_mfa.core.stored import from_store, seconds_to_keep, to_store

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = b"k" * 32
RAW = {
    "id": "s1",
    "authentication_methods": [
        {"method": "password", "aal": "aal1", "completed_at": "2026-11-25T11:57:59.999999Z"},
        {"method": "code", "aal": "aal2"},
        {"method": "oidc", "aal": "aal7", "completed_at": "2026-11-25T12:00:00Z", "provider": "upstream"},
    ],
    "authenticated_at": "2026-11-25T11:58:00Z",
    "identity": {"id": "i1", "traits": {"email": "totp@example.com"}},
}
BODY = json.dumps(RAW, indent=2).encode()
SESSION = OrySession(
    SessionState.ACTIVE,
    id="s1",
    aal=AAL.AAL2,
    authentication_methods=(
        AuthenticationMethod("password", AAL.AAL1, NOW - timedelta(minutes=2, microseconds=1)),
        AuthenticationMethod("code", AAL.AAL2, None),
        AuthenticationMethod("oidc", AAL.AAL0, NOW, "upstream"),
    ),
    authenticated_at=NOW - timedelta(minutes=2),
    issued_at=None,
    expires_at=NOW + timedelta(hours=1),
    identity=Identity("i1", traits={"email": "totp@example.com"}),
    raw=RAW,
)


def kept(seconds: float = 30) -> str:
    return to_store(SESSION, Answer(200, body=BODY), seconds=seconds, now=NOW, name="n", key=KEY)


@pytest.mark.parametrize(
    ("ttl", "header", "left", "seconds"),
    [
        (30, None, 3600, 30),
        (30, "10", 3600, 10),
        (30, "60", 3600, 30),
        (30, "60", 5, 5),
        (30, None, 0.5, 0.5),
        (30, None, 0, 0),
        (30, None, -61, 0),
        (30, "0", 3600, 0),
        (30, "", 3600, 0),
        (30, "-1", 3600, 0),
        (30, "1.5", 3600, 0),
        (30, "inf", 3600, 0),
        (30, "²", 3600, 0),
        (30, "9" * 5000, 3600, 30),
        (0, "60", 3600, 0),
    ],
)
def test_session_is_kept_for_the_least_that_anybody_allows(
    ttl: float, header: str | None, left: float, seconds: float
) -> None:
    session = OrySession(SessionState.ACTIVE, id="s1", expires_at=NOW + timedelta(seconds=left))
    answer = Answer(200, {} if header is None else {"ory-session-cache-for": header})

    assert seconds_to_keep(session, answer, ttl=ttl, now=NOW) == seconds


@pytest.mark.parametrize("state", [state for state in SessionState if state is not SessionState.ACTIVE])
def test_only_active_sessions_are_kept(state: SessionState) -> None:
    session = OrySession(state, expires_at=NOW + timedelta(hours=1))

    assert seconds_to_keep(session, Answer(200), ttl=30, now=NOW) == 0


def test_session_without_a_readable_end_is_not_kept() -> None:
    assert seconds_to_keep(OrySession(SessionState.ACTIVE), Answer(200), ttl=30, now=NOW) == 0


def test_session_comes_back_as_it_was() -> None:
    assert from_store(kept(), now=NOW, name="n", key=KEY) == SESSION


@pytest.mark.parametrize(("later", "found"), [(29.9, SESSION), (30, None), (1e6, None)])
def test_session_comes_back_while_its_time_lasts(later: float, found: OrySession | None) -> None:
    assert from_store(kept(), now=NOW + timedelta(seconds=later), name="n", key=KEY) == found


def test_lines_of_an_entry_cannot_be_exchanged() -> None:
    seal, aal, expires_at, until, body = kept(seconds=7200).split("\n", 4)

    exchanged = "\n".join((seal, aal, until, expires_at, body))

    assert from_store(exchanged, now=NOW, name="n", key=KEY) is None


def test_session_that_is_over_does_not_come_back_however_long_it_was_to_be_kept() -> None:
    assert from_store(kept(seconds=7200), now=NOW + timedelta(hours=1), name="n", key=KEY) is None


@pytest.mark.parametrize(("name", "key"), [("m", KEY), ("n", b"K" * 32)])
def test_session_comes_back_under_its_name_with_its_key_only(name: str, key: bytes) -> None:
    assert from_store(kept(), now=NOW, name=name, key=key) is None


@pytest.mark.parametrize("name", POSTPONED)
def test_what_does_not_decide_is_read_when_it_is_asked_for(name: str) -> None:
    session = from_store(kept(), now=NOW, name="n", key=KEY)

    assert getattr(session, name) == getattr(SESSION, name)
    assert getattr(session, name) is getattr(session, name)


@pytest.mark.parametrize("again", [lambda session: pickle.loads(pickle.dumps(session)), copy.deepcopy])  # noqa: S301
def test_session_can_be_taken_along_whatever_was_read_of_it(again: Callable[[OrySession], OrySession]) -> None:
    session = from_store(kept(), now=NOW, name="n", key=KEY)

    assert session is not None
    assert again(session) == SESSION


def test_session_has_no_other_attributes_for_having_been_kept() -> None:
    session = from_store(kept(), now=NOW, name="n", key=KEY)

    with pytest.raises(AttributeError, match="nothing"):
        _ = session.nothing  # type: ignore[union-attr]
    with pytest.raises(AttributeError, match="nothing"):
        _ = SESSION.nothing


def test_personal_data_stays_out_of_the_repr() -> None:
    assert "totp@example.com" not in repr(from_store(kept(), now=NOW, name="n", key=KEY))


@pytest.mark.parametrize(
    "stored",
    [
        *(None, 5, True, b"", [], {}, {"version": 1}),
        *("", "x", "{}", "[]", "null", "5", "\n", "\n\n\n\n\n", "é\naal2\n\n\n{}", "\ud800\naal2\n\n\n{}"),
        *(f"{'0' * 32}\naal2\n\n\n\ud800", f"{'0' * 34}\naal2\n\n\n{{}}"),
        *(kept().encode(), kept()[:-1], kept()[1:], f"{kept()} ", f" {kept()}", kept().replace("aal2", "aal3")),
    ],
    ids=lambda stored: f"{type(stored).__name__}-{len(str(stored))}",
)
def test_entry_that_this_site_did_not_write_is_none(stored: object) -> None:
    assert from_store(stored, now=NOW, name="n", key=KEY) is None


def test_entry_is_written_alike_in_every_process_and_until_its_version_changes() -> None:
    """Workers of two releases share a cache while a site is deployed. Whoever changes this gives it a new version."""
    assert kept().partition("\n")[0] == "41a84687cb7a27b68ac488c269d2623c"
