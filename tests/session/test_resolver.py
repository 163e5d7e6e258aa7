"""How often Ory is asked for the session and the second factors of one request, and what is known then."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import RequestFactory

from django_ory_mfa import Requirement
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.session import ANONYMOUS, SessionState
from django_ory_mfa.request.visitor import Visitor
from django_ory_mfa.roundtrip.hops import hop_of, note_hop
from django_ory_mfa.runtime.steps import Steps, arun, run
from django_ory_mfa.session import resolver
from django_ory_mfa.session.request_state import RequestState
from django_ory_mfa.session.resolver import (
    attach,
    enrolled_steps,
    owner_steps,
    second_factors_steps,
    session_steps,
)
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime
from tests.site import LOOP

WHOAMI, SETTINGS_FLOW = "/sessions/whoami", "/self-service/settings/browser"
T = TypeVar("T")


class Browser:
    """Somebody whose requests are made in one mode."""

    def __init__(self, mode: str) -> None:
        self.mode, self.client = mode, RequestFactory()

    def request(self) -> RequestState:
        return attach(self.client.get("/"))

    def result(self, steps: Steps[T]) -> T:
        return run(steps) if self.mode == "sync" else LOOP.run(arun(steps))


@pytest.fixture
def browser(mode: str) -> Browser:
    return Browser(mode)


@pytest.fixture
def ttl(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.ORY_MFA_CACHE_TTL = 60
    caches["default"].clear()


def come_back_to(page: str, browser: Browser) -> None:
    """Give the browser the cookie of somebody who was sent to Ory from ``page``."""
    decision, url = Decision(Outcome.STEP_UP, Requirement("aal2"), "test"), f"http://testserver{page}"
    hop = hop_of(browser.client.get(page), decision, Visitor(), return_to=url, is_for_this_page=True)
    response = HttpResponse()
    note_hop(browser.client.get(page), response, hop)
    browser.client.cookies["ory_mfa_hops"] = response.cookies["ory_mfa_hops"].value


def asked(ory: FakeOry, path: str = WHOAMI) -> int:
    return [call.path for call in ory.calls].count(path)


def test_session_of_the_cache_will_do_unless_a_fresh_one_is_asked_for(
    ory: FakeOry, browser: Browser, ttl: None
) -> None:
    ory.login(browser.client)
    browser.result(session_steps(browser.request()))
    state = browser.request()

    browser.result(session_steps(state))
    assert (asked(ory), state.is_possibly_stale) == (1, True)
    browser.result(session_steps(state, fresh=True))
    assert (asked(ory), state.is_possibly_stale) == (2, False)


def test_fresh_session_is_asked_for_once_a_request(ory: FakeOry, browser: Browser, ttl: None) -> None:
    ory.login(browser.client)
    state = browser.request()

    sessions = [browser.result(session_steps(state, fresh=True)) for _ in range(3)]

    assert asked(ory) == 1
    assert sessions[0] is sessions[2] is state.known_session


def test_session_that_may_be_old_is_found_once_a_request(ory: FakeOry, browser: Browser) -> None:
    """Ory says that its own cache answers."""
    ory.cache_for = 60
    ory.login(browser.client)
    state = browser.request()

    sessions = [browser.result(session_steps(state)) for _ in range(3)]

    assert (asked(ory), state.is_possibly_stale) == (1, True)
    assert sessions[0] is sessions[2] is state.known_session


def test_end_that_the_settings_flow_tells_of_is_believed_before_the_cache(
    ory: FakeOry, browser: Browser, ttl: None
) -> None:
    session = ory.login(browser.client, aal="aal1")
    browser.result(session_steps(browser.request()))
    session.revoke()
    state = browser.request()
    assert browser.result(session_steps(state)).is_authenticated

    assert browser.result(enrolled_steps(state)) is None
    assert browser.result(session_steps(state)).state is SessionState.ANONYMOUS


def test_request_without_a_credential_is_nobodys_for_sure(ory: FakeOry, browser: Browser, ttl: None) -> None:
    state = browser.request()

    assert browser.result(session_steps(state)) == ANONYMOUS
    assert (asked(ory), state.is_possibly_stale) == (0, False)


def test_failure_of_this_package_is_an_outage_that_no_cache_has_seen(
    ory: FakeOry, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("broken")

    monkeypatch.setattr(resolver, "read_whoami", broken)
    ory.login(browser.client)
    state = browser.request()

    assert browser.result(session_steps(state)).state is SessionState.UNAVAILABLE
    assert state.is_possibly_stale is False


@pytest.mark.parametrize(("page", "state"), [("/", SessionState.ANONYMOUS), ("/other", SessionState.ACTIVE)])
def test_who_comes_back_from_ory_to_a_page_is_not_who_was_kept(
    ory: FakeOry, browser: Browser, ttl: None, page: str, state: SessionState
) -> None:
    session = ory.login(browser.client)
    browser.result(session_steps(browser.request()))
    come_back_to(page, browser)
    session.revoke()

    assert browser.result(session_steps(browser.request())).state is state


@pytest.mark.parametrize("seconds", [0, 60])
def test_way_back_is_past_the_caches_of_ory_only_on_a_site_that_has_one(
    ory: FakeOry, browser: Browser, ttl: None, settings: Any, seconds: float
) -> None:
    settings.ORY_MFA_CACHE_TTL = seconds
    ory.login(browser.client)
    come_back_to("/", browser)

    browser.result(session_steps(browser.request()))

    assert [call.headers.get("cache-control") for call in ory.calls] == ["max-age=0" if seconds else None]


@pytest.mark.parametrize(
    ("session", "is_current", "claims"),
    [(None, False, 0), (None, True, 0), (ANONYMOUS, True, 0), (ANONYMOUS, False, 1)],
)
def test_session_of_django_is_claimed_once_somebody_is_known(
    browser: Browser, session: Any, claims: int, *, is_current: bool
) -> None:
    claimed: list[Any] = []

    def claim(session: Any) -> Steps[None]:
        claimed.append(session)
        yield from ()

    state = browser.request()
    state.known_session = session
    owner: Any = SimpleNamespace(is_current=is_current, claim_steps=claim)
    state._owner = owner

    browser.result(owner_steps(state))

    assert len(claimed) == claims


# Second factors.


@pytest.fixture
def below(ory: FakeOry, browser: Browser) -> Any:
    """Somebody who is signed in by a password alone."""
    ory.required_aal = "aal1"
    return ory.login(browser.client, aal="aal1")


def test_enrolment_is_remembered_for_the_next_request(ory: FakeOry, browser: Browser, below: Any) -> None:
    found = [browser.result(enrolled_steps(browser.request())) for _ in range(2)]

    assert (found, asked(ory, SETTINGS_FLOW)) == ([False, False], 1)
    assert browser.result(enrolled_steps(browser.request(), fresh=True)) is False
    assert asked(ory, SETTINGS_FLOW) == 2


def test_enrolment_stays_the_same_throughout_a_request(
    ory: FakeOry, browser: Browser, below: Any, clock: PassingTime
) -> None:
    state = browser.request()
    before = browser.result(enrolled_steps(state, fresh=True))
    below.identity.enrol("totp")
    clock.wait(2)

    assert (before, browser.result(enrolled_steps(state, fresh=True))) == (False, False)
    assert asked(ory, SETTINGS_FLOW) == 1


def test_factors_are_looked_for_now(ory: FakeOry, browser: Browser, below: Any) -> None:
    """Ory shows which ones only to a session that has proved one."""
    assert browser.result(enrolled_steps(browser.request())) is False
    below.identity.enrol("totp")
    state = browser.request()

    assert browser.result(second_factors_steps(state)) == []
    assert state.enrolled is True
    below.prove("totp")
    assert browser.result(second_factors_steps(browser.request())) == ["totp"]


def test_who_has_no_factor_for_sure_is_not_looked_up(ory: FakeOry, browser: Browser, below: Any, settings: Any) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"

    assert browser.result(second_factors_steps(browser.request())) == []
    assert asked(ory, SETTINGS_FLOW) == 0


def test_stranger_has_no_factors(ory: FakeOry, browser: Browser) -> None:
    assert browser.result(second_factors_steps(browser.request())) == []
    assert ory.calls == []


def test_session_without_a_person_has_no_factors(ory: FakeOry, browser: Browser) -> None:
    ory.login(browser.client)
    ory.fail(200, b'{"id": "s", "active": true, "expires_at": "2999-01-01T00:00:00Z"}')

    assert browser.result(second_factors_steps(browser.request())) == []
    assert asked(ory, SETTINGS_FLOW) == 0


def test_second_factor_of_a_session_that_proved_one_is_known(ory: FakeOry, browser: Browser) -> None:
    ory.login(browser.client, aal="aal2")

    assert browser.result(enrolled_steps(browser.request())) is True
    assert asked(ory, SETTINGS_FLOW) == 0


def test_session_that_has_ended_says_nothing_of_factors(ory: FakeOry, browser: Browser) -> None:
    ory.login(browser.client).revoke()

    assert browser.result(enrolled_steps(browser.request())) is None
    assert asked(ory, SETTINGS_FLOW) == 0


def test_factor_that_was_proved_elsewhere_ends_what_is_remembered(ory: FakeOry, browser: Browser, below: Any) -> None:
    assert browser.result(enrolled_steps(browser.request())) is False
    below.identity.enrol("totp")
    elsewhere = Browser(browser.mode)
    elsewhere.client.cookies[ory.cookie_name] = ory.add_session(below.identity, "password", "totp").cookie
    browser.result(session_steps(elsewhere.request()))

    assert browser.result(enrolled_steps(browser.request())) is True


def test_session_at_the_first_level_does_not_end_what_is_remembered(ory: FakeOry, browser: Browser, below: Any) -> None:
    browser.result(enrolled_steps(browser.request()))
    browser.result(session_steps(browser.request()))

    assert browser.result(enrolled_steps(browser.request())) is False
    assert asked(ory, SETTINGS_FLOW) == 1


def test_each_call_to_ory_is_timed(ory: FakeOry, browser: Browser, below: Any, clock: PassingTime) -> None:
    state = browser.request()
    browser.result(enrolled_steps(state))

    assert state.timings == [("whoami", 0), ("the settings flow", 0)]


def test_level_that_this_package_does_not_know_is_not_taken_for_the_first(
    ory: FakeOry, browser: Browser, settings: Any
) -> None:
    settings.ORY_MFA_WHOAMI_REQUIRED_AAL = "highest_available"
    ory.login(browser.client, aal="aal1", second_factors={"totp"})
    body = b'{"id": "s", "active": true, "expires_at": "2999-01-01T00:00:00Z", "identity": {"id": "i"}'
    ory.fail(200, body + b', "authenticator_assurance_level": "aal9"}')

    assert browser.result(enrolled_steps(browser.request())) is not False
