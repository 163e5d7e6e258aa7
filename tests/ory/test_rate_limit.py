"""Made-up credentials while Ory limits requests (429): known people are served, and new sign-ins get through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import AsyncClient

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.lanes import Caller
from django_ory_mfa.ory.rate_limit import SHARE
from django_ory_mfa.ory.service import get_ory
from django_ory_mfa.signals import ory_unavailable
from django_ory_mfa.testing import FakeOry
from tests.clock import PassingTime
from tests.site import Site

WHOAMI, PROBE = "/sessions/whoami", "/self-service/settings/browser"
STRANGER, NEIGHBOUR = "198.51.100.7", "203.0.113.7"


class AsyncClientAt(AsyncClient):
    """Sends requests from ``address``."""

    address = STRANGER

    async def request(self, **scope: Any) -> Any:
        return await super().request(client=[self.address, 0], **scope)


def visitor(mode: str, address: str = STRANGER) -> Site:
    site = Site(mode, REMOTE_ADDR=address) if mode == "sync" else Site(mode)
    if mode == "async":
        site.client = AsyncClientAt()
        site.client.address = address
    return site


def junk(mode: str, value: str = "junk", address: str = STRANGER) -> Any:
    """The response to a made-up cookie from ``address``."""
    site = visitor(mode, address)
    site.set_cookie("ory_kratos_session", value)
    return site.get("aal2")


def limit(ory: FakeOry, mode: str, reset: str | None = "4") -> None:
    """Have Ory answer 429 once, to a made-up cookie, and give the network of that its turn."""
    ory.fail(429, headers=[("x-ratelimit-reset", reset)] if reset else [])
    junk(mode, "first")
    ory.recover()
    junk(mode, "second")
    ory.calls.clear()


def asked(ory: FakeOry) -> int:
    return sum(call.path == WHOAMI for call in ory.calls)


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    stop = listen(lambda event, value: heard.append(event))
    yield heard
    stop()


def test_made_up_credentials_are_not_sent_until_the_limit_resets(
    mode: str, ory: FakeOry, clock: PassingTime, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    limit(ory, mode)
    responses = [junk(mode, f"junk{number}") for number in range(5)]
    held_back = asked(ory)
    clock.passed += 4
    after = [junk(mode, f"later{number}").status_code for number in range(5)]

    assert [(response.status_code, response["Retry-After"]) for response in responses] == [(503, "4")] * 5
    assert (held_back, events.count(Event.HELD_BACK), events.count(Event.RATE_LIMITED)) == (0, 5, 1)
    assert (after, asked(ory)) == ([302] * 5, 5)
    assert [line for line in caplog.messages if "Ory" in line] == ["Ory answered 429 (too many requests)."]


def test_known_person_is_asked_for_while_ory_limits(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    person = visitor(mode)
    ory.login(person)
    person.get("session")
    limit(ory, mode)

    assert [person.get("aal2").status_code for _ in range(3)] == [200] * 3
    assert asked(ory) == 3


def test_new_sign_in_gets_through_while_ory_limits(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    limit(ory, mode)
    person = visitor(mode, NEIGHBOUR)
    ory.login(person)
    for number in range(5):
        junk(mode, f"junk{number}")

    assert [person.get("aal2").status_code for _ in range(3)] == [200] * 3


def test_new_sign_in_from_the_network_of_made_up_credentials_has_its_turn_a_second_later(
    mode: str, ory: FakeOry, clock: PassingTime
) -> None:
    limit(ory, mode)
    person = visitor(mode)
    ory.login(person)
    clock.passed += 0.5
    before = person.get("aal2").status_code
    clock.passed += 0.5

    assert (before, person.get("aal2").status_code) == (503, 200)


def test_few_networks_have_a_turn_in_one_second(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    limit(ory, mode)
    clock.passed += 1
    addresses = [*(f"203.0.113.{number}" for number in range(4)), "2001:db8::1", "2001:db8::2"]
    statuses = [junk(mode, address, address).status_code for address in addresses]
    clock.passed += 1
    statuses += [junk(mode, f"later-{address}", address).status_code for address in reversed(addresses)]

    assert asked(ory) == 2 * SHARE
    # The last two addresses are of one network.
    assert statuses == [302, 302, 503, 503, 503, 503, 302, 503, 302, 503, 503, 503]


def test_limit_without_a_reset_lasts_a_second(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    limit(ory, mode, reset=None)
    clock.passed += 0.9
    before = junk(mode, "before")
    clock.passed += 0.2

    assert (before.status_code, before["Retry-After"], junk(mode, "after").status_code) == (503, "1", 302)


def test_limit_that_still_holds_after_a_turn_is_longer(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    limit(ory, mode)
    clock.passed += 3
    ory.fail(429, headers=[("x-ratelimit-reset", "4")])
    junk(mode, "turn")
    ory.recover()
    clock.passed += 3.5
    junk(mode, "another-turn")

    assert (junk(mode, "held-back").status_code, asked(ory)) == (503, 2)


def test_new_sign_ins_do_not_wait_for_a_late_reset(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    """Ory may answer again long before."""
    limit(ory, mode, reset="30")
    held_back = junk(mode, "held-back").status_code
    clock.passed += 5
    after = [junk(mode, f"asked-for{number}").status_code for number in range(3)]

    assert (held_back, after) == (503, [302] * 3)


def test_limit_is_no_outage(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    told: list[Any] = []

    def note(sender: Any, **named: Any) -> None:
        told.append(named)

    ory_unavailable.connect(note)
    try:
        limit(ory, mode, reset="30")
        for number in range(10):
            junk(mode, f"junk{number}")
    finally:
        ory_unavailable.disconnect(note)

    assert (told, get_ory().client._breaker.is_closed) == ([], True)
    assert visitor(mode).get("public").status_code == 200
    assert visitor(mode).get("aal2").status_code == 302


def test_limit_of_other_calls_holds_nobody_back(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    ory.required_aal = "aal1"
    ory.login(person := visitor(mode), aal="aal1")
    ory.fail(429, headers=[("x-ratelimit-reset", "7")], path=PROBE)
    person.get("aal2")

    assert {junk(mode, f"junk{number}").status_code for number in range(3)} == {302}


COOKIE = Credential(CredentialKind.COOKIE, "ory_kratos_session=junk")
TOKEN = Credential(CredentialKind.TOKEN, "ory_st_junk")
VISITS: dict[str, tuple[Any, ...]] = {
    "whoami": (COOKIE,),
    "settings_flow": (COOKIE,),
    "flow": ("login", "1", ""),
    "flow_error": ("1", ""),
    "webauthn_script": (),
    "logout_flow": (COOKIE,),
    "revoke_token": (TOKEN,),
}


@pytest.mark.parametrize("name", VISITS)
def test_every_call_that_a_visitor_causes_is_limited(
    ory: FakeOry, clock: PassingTime, events: list[Event], name: str
) -> None:
    ory.fail(429, headers=[("x-ratelimit-reset", "4")], path=None)
    call, arguments = getattr(get_ory().client, name), VISITS[name]
    strangers = [call(*arguments, Caller(is_known=False, address=STRANGER)) for _ in range(9)]
    of_strangers = len(ory.calls)
    known = [call(*arguments, Caller(is_known=True, address=STRANGER)) for _ in range(3)]

    assert [answer.failure for answer in strangers] == [None, None] + ["rate limit"] * 7
    assert (of_strangers, [answer.failure for answer in known], len(ory.calls)) == (2, [None] * 3, 5)
    assert (events.count(Event.HELD_BACK), events.count(Event.CALL)) == (7, 5)


@pytest.mark.parametrize("name", VISITS)
def test_caller_who_is_not_named_is_a_stranger(ory: FakeOry, clock: PassingTime, name: str) -> None:
    ory.fail(429, headers=[("x-ratelimit-reset", "4")], path=None)
    failures = [getattr(get_ory().client, name)(*VISITS[name]).failure for _ in range(3)]

    assert failures == [None, None, "rate limit"]


def test_health_is_asked_for_while_ory_limits(ory: FakeOry, clock: PassingTime) -> None:
    ory.fail(429, headers=[("x-ratelimit-reset", "4")], path=None)

    assert [get_ory().client.ready().failure for _ in range(3)] == [None] * 3


def test_probe_that_was_held_back_pauses_no_other(mode: str, ory: FakeOry, clock: PassingTime) -> None:
    """With a second cookie anybody is unknown, and Ory was not asked."""
    ory.required_aal = "aal1"
    person = visitor(mode)
    ory.login(person, aal="aal1")
    session = ory.login(visitor(mode), aal="aal1")
    limit_of_flows = get_ory().client._rate_limits["self-service"]
    limit_of_flows.begin(4)
    assert limit_of_flows.allow(STRANGER) == 0
    cookies = {"Cookie": f"{ory.cookie_name}={session.cookie}; {ory.cookie_name}=junk"}
    visitor(mode).get("aal2", headers=cookies)
    held_back = [call.path for call in ory.calls if call.path == PROBE]
    person.get("session")
    person.get("aal2")

    assert (held_back, [call.path for call in ory.calls if call.path == PROBE]) == ([], [PROBE])
