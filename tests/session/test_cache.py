"""Sessions in a cache, as requests see it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import RequestFactory

from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.ory.breaker import Breaker
from django_ory_mfa.ory.service import use_transport
from django_ory_mfa.runtime.per_process import forget_ory
from django_ory_mfa.session import cache as module
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.transport import FakeOryTransport
from tests.backends import sick
from tests.clock import PassingTime, passing_time
from tests.site import LOOP, Site

WHOAMI = "/sessions/whoami"
PROBE = "/self-service/settings/browser"
LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}


def backend(name: str, **options: Any) -> dict[str, Any]:
    return {"BACKEND": f"tests.backends.sick.{name}", **options}


@pytest.fixture(params=["locmem", "file", "remote"])
def kept(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Any:
    """A cache with sessions in it, of every kind that behaves differently here."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "sessions": {
            "locmem": LOCMEM,
            "file": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path)},
            "remote": backend("RemoteCache"),
        }[request.param],
    }
    settings.ORY_MFA_CACHE = "sessions"
    settings.ORY_MFA_CACHE_TTL = 60
    caches["sessions"].clear() if request.param != "remote" else sick.RemoteCache.kept.clear()
    return caches["sessions"]


@pytest.fixture
def ttl(settings: Any) -> None:
    settings.CACHES = {"default": LOCMEM}
    settings.ORY_MFA_CACHE_TTL = 60
    caches["default"].clear()


@pytest.fixture
def events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    stop = listen(lambda event, value: heard.append(event))
    yield heard
    stop()


def asked(ory: FakeOry, path: str = WHOAMI) -> int:
    return sum(call.path == path for call in ory.calls)


def fresh(ory: FakeOry) -> list[bool]:
    return [call.headers.get("cache-control") == "max-age=0" for call in ory.calls if call.path == WHOAMI]


def entries() -> dict[str, str]:
    """What LocMem holds, by key."""
    cache: Any = caches["default"]
    return {key: cache.get(key.removeprefix(":1:")) for key in list(cache._cache)}


def test_without_a_ttl_every_request_asks_ory(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.CACHES = {"default": backend("FailingCache")}
    sick.calls.clear()
    ory.login(site)

    for _ in range(2):
        site.get("aal2")

    assert (asked(ory), sick.calls) == (2, [])


def test_session_is_asked_for_once(site: Site, ory: FakeOry, kept: Any) -> None:
    session = ory.login(site)

    seen = [site.get(path) for path in ("session", "aal2", "aal1", "highest", "session")]

    assert [response.status_code for response in seen] == [200] * 5
    assert seen[0].json() == seen[4].json()
    assert seen[4].json()["identity"] == session.identity.id
    assert asked(ory) == 1


def test_whoever_has_no_entry_is_not_given_that_of_another(ory: FakeOry, kept: Any, mode: str) -> None:
    first, second = Site(mode), Site(mode)
    sessions = [ory.login(site) for site in (first, second)]

    seen = [site.get("session").json()["identity"] for site in (first, second, first, second)]

    assert seen == [session.identity.id for session in sessions] * 2


def test_everything_of_the_session_comes_back(mode: str, ory: FakeOry, ttl: None, settings: Any) -> None:
    from asgiref.sync import async_to_sync

    from django_ory_mfa.middleware import OrySessionMiddleware

    client = Site("sync")
    ory.login(client, traits={"name": "Zoë \\ud83d\\ude00 😀", "nested": [1, None, {"a": 2.5}]})
    seen = []

    def view(request: Any) -> Any:
        seen.append(request.ory_session)
        bool(request.ory_session)
        from django.http import HttpResponse

        return HttpResponse()

    async def aview(request: Any) -> Any:
        await request.aory_session()
        return view(request)

    for _ in range(2):
        request = RequestFactory().get("/")
        request.META["HTTP_COOKIE"] = f"ory_kratos_session={client.cookies['ory_kratos_session'].value}"
        if mode == "sync":
            OrySessionMiddleware(view)(request)
        else:
            async_to_sync(OrySessionMiddleware(aview))(request)  # type: ignore[arg-type]

    fetched, cached = seen
    assert asked(ory) == 1
    assert cached == fetched
    assert (cached.identity, cached.raw, cached.authentication_methods, cached.expires_at) == (
        fetched.identity,
        fetched.raw,
        fetched.authentication_methods,
        fetched.expires_at,
    )
    assert repr(cached) == repr(fetched)
    assert cached.to_ory_client() == fetched.to_ory_client()


def test_entry_may_let_in_after_the_session_ended_for_as_long_as_the_ttl(site: Site, ory: FakeOry, ttl: None) -> None:
    session = ory.login(site)
    site.get("aal2")
    session.revoke()

    assert site.get("aal2").status_code == 200
    assert asked(ory) == 1


@pytest.mark.parametrize("path", ["aal2", "class/default", "inside/aal2"])
def test_entry_never_refuses(site: Site, ory: FakeOry, ttl: None, path: str) -> None:
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    ory.required_aal = "aal1"
    site.get("session")
    session.prove("totp")

    assert site.get(path).status_code == 200
    assert fresh(ory) == [False, True]
    # And what Ory said then is what is kept.
    assert (site.get(path).status_code, asked(ory)) == (200, 2)


def test_refusal_is_one_more_call(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors=["totp"])

    refusals = [site.get("aal2").status_code for _ in range(2)]

    assert refusals == [302, 302]
    assert fresh(ory) == [False, True]


def test_entry_outlives_an_outage_that_a_fresh_question_meets(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.login(site)
    site.get("aal2")
    ory.fail(503)

    assert [site.get(path).status_code for path in ("fresh", "aal2")] == [503, 200]


@pytest.mark.parametrize("path", ["fresh", "totp"])
def test_age_and_methods_are_asked_for_afresh_at_once(site: Site, ory: FakeOry, ttl: None, path: str) -> None:
    ory.login(site)
    site.get("aal2")

    assert [site.get(path).status_code for _ in range(2)] == [200, 200]
    assert fresh(ory) == [False, True, True]


def test_session_that_ended_is_dropped_when_it_is_asked_for_afresh(site: Site, ory: FakeOry, ttl: None) -> None:
    session = ory.login(site)
    site.get("aal2")
    session.revoke()

    statuses = [site.get(path).status_code for path in ("fresh", "aal2")]

    assert statuses == [302, 302]
    assert entries() == {}


@pytest.mark.parametrize("what", ["nobody", "step-up", "outage", "garbage"])
def test_only_sessions_are_kept(site: Site, ory: FakeOry, ttl: None, what: str) -> None:
    ory.login(site, aal="aal1", second_factors=["totp"]) if what == "step-up" else ory.login(site).revoke()
    if what == "outage":
        ory.fail(502)
    if what == "garbage":
        ory.fail(200, b"{}")

    site.get("session")

    assert entries() == {}


@pytest.mark.parametrize(("length", "is_kept"), [(150_000, True), (200_000, False)])
def test_session_that_is_too_long_for_memcached_is_not_kept(
    site: Site, ory: FakeOry, ttl: None, length: int, *, is_kept: bool
) -> None:
    ory.login(site, traits={"note": "x" * length})

    assert site.get("session").json()["identity"] is not None
    assert bool(entries()) is is_kept


def test_session_without_a_readable_end_is_not_kept(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.fail(200, b'{"id": "s", "active": true, "expires_at": "soon", "identity": {"id": "i"}}')
    ory.login(site)

    assert site.get("session").json()["state"] == "active"
    assert entries() == {}


def test_host_that_django_refuses_is_not_on_its_way_back(mode: str, ory: FakeOry, ttl: None, settings: Any) -> None:
    settings.MIDDLEWARE = ["django_ory_mfa.middleware.OrySessionMiddleware"]
    site = Site(mode)
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")

    state = site.get("session", headers={"Host": "evil.example.com"}).json()["state"]

    assert (state, asked(ory)) == ("active", 1)


def test_what_is_kept_is_named_and_sealed(site: Site, ory: FakeOry, ttl: None) -> None:
    session = ory.login(site)
    site.get("session")
    [(key, value)] = entries().items()

    assert key.startswith(":1:ory_mfa:")
    seal, aal, expires_at, until, body = value.split("\n", 4)
    assert (len(seal), aal) == (32, "aal2")
    assert datetime.fromisoformat(until) < datetime.fromisoformat(expires_at)
    assert json.loads(body)["id"] == session.id
    assert session.cookie not in key + value
    assert site.cookies["ory_kratos_session"].value not in key + value


def signed_out(kept: dict[str, Any]) -> bool:
    """Whether nothing is kept but that somebody signed out."""
    return [(key.rpartition(":")[2], value) for key, value in kept.items()] == [("signed-out", 1)]


POISON = {
    "nothing": None,
    "bytes": b"{}",
    "another type": ["aal2"],
    "empty": "",
    "one line": "0" * 32,
    "long": "[" * 100_000,
    "no seal": "\naal2\n2099-01-01T00:00:00+00:00\n2099-01-01T00:00:00+00:00\n{}",
    "earlier release": '{"version": 1, "seal": "", "id": "s", "aal": "aal2", "body": ""}',
    "surrogates": "\ud800\n\ud800",
    "surrogate below a seal": "0" * 32 + "\n\ud800",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_what_this_site_did_not_write_says_nothing(site: Site, ory: FakeOry, ttl: None, poison: Any) -> None:
    session = ory.login(site)
    site.get("session")
    [key] = entries()
    caches["default"].set(key.removeprefix(":1:"), poison)

    response = site.get("session")

    assert (response.json()["identity"], asked(ory)) == (session.identity.id, 2)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        pytest.param(0, lambda seal: seal[::-1], id="seal"),
        pytest.param(1, lambda aal: "aal2", id="aal"),
        pytest.param(2, lambda time: time.replace("20", "21", 1), id="expires_at"),
        pytest.param(3, lambda time: time.replace("20", "21", 1), id="until"),
        pytest.param(3, lambda time: f"{time}\n{{}}", id="a line more"),
        pytest.param(4, lambda body: body.replace("aal1", "aal2"), id="body"),
    ],
)
def test_entry_that_was_changed_says_nothing(site: Site, ory: FakeOry, ttl: None, part: int, change: Any) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("session")
    [(key, value)] = entries().items()
    lines = value.split("\n", 4)
    lines[part] = change(lines[part])
    caches["default"].set(key.removeprefix(":1:"), "\n".join(lines))

    assert (site.get("aal2").status_code, site.get("session").json()["aal"]) == (302, "aal1")


def test_entry_under_another_name_says_nothing(ory: FakeOry, ttl: None, mode: str) -> None:
    first, second = Site(mode), Site(mode)
    ory.login(first)
    session = ory.login(second)
    first.get("session")
    [(_, value)] = entries().items()
    second.get("session")
    for key in entries():
        caches["default"].set(key.removeprefix(":1:"), value)

    assert second.get("session").json()["identity"] == session.identity.id


@pytest.mark.parametrize("change", ["SECRET_KEY", "ORY_MFA_SDK_URL"])
def test_another_key_or_ory_knows_nothing_of_it(
    site: Site, ory: FakeOry, ttl: None, settings: Any, change: str
) -> None:
    ory.login(site)
    site.get("session")
    setattr(settings, change, "another" if change == "SECRET_KEY" else "http://127.0.0.1:9")

    state = site.get("session").json()["state"]

    assert (state, asked(ory)) == (("active", 2) if change == "SECRET_KEY" else ("unavailable", 1))


# For how long.


@pytest.fixture
def clock(ory: FakeOry) -> Iterator[PassingTime]:
    """Lets time pass for the cache, for the package and for Ory."""
    with passing_time() as clock:
        ory.now = clock.now
        yield clock


@pytest.mark.parametrize(("seconds", "calls"), [(59, 1), (60, 2)])
def test_entry_lives_for_the_ttl(site: Site, ory: FakeOry, ttl: None, clock: Any, seconds: float, calls: int) -> None:
    ory.login(site)
    site.get("session")
    clock.wait(seconds)
    site.get("session")

    assert asked(ory) == calls


@pytest.mark.parametrize(("seconds", "calls"), [(39, 1), (40, 2)])
def test_time_that_the_call_took_counts(
    site: Site, ory: FakeOry, ttl: None, clock: PassingTime, settings: Any, seconds: float, calls: int
) -> None:
    """What Ory answered is as old as the call."""

    class Slow(FakeOryTransport):
        def send(self, *args: Any, **kwargs: Any) -> Any:
            clock.wait(20)
            return super().send(*args, **kwargs)

    settings.ORY_MFA_TIMEOUT = 100
    ory.login(site)
    before = use_transport(Slow(ory))
    site.get("session")
    use_transport(before)
    clock.wait(seconds)
    site.get("session")

    assert asked(ory) == calls


def test_hits_do_not_prolong_it(site: Site, ory: FakeOry, ttl: None, clock: Any) -> None:
    ory.login(site)
    for _ in range(4):
        site.get("session")
        clock.wait(20)
    site.get("session")

    assert asked(ory) == 2


@pytest.mark.parametrize(("seconds", "calls"), [(9, 1), (10, 2)])
def test_entry_lives_no_longer_than_its_session(
    site: Site, ory: FakeOry, ttl: None, clock: Any, seconds: float, calls: int
) -> None:
    ory.login(site, lifespan=10)
    site.get("session")
    clock.wait(seconds)
    site.get("session")

    assert asked(ory) == calls


@pytest.mark.parametrize(("allowed", "seconds", "calls"), [(5, 4, 1), (5, 5, 2), (3600, 59, 1), (3600, 60, 2)])
def test_ory_can_ask_for_less_but_not_for_more(
    site: Site, ory: FakeOry, ttl: None, clock: Any, allowed: int, seconds: float, calls: int
) -> None:
    ory.cache_for = allowed
    ory.login(site)
    site.get("session")
    clock.wait(seconds)
    site.get("session")

    assert asked(ory) == calls


def test_header_alone_keeps_nothing(site: Site, ory: FakeOry, ttl: None, settings: Any) -> None:
    settings.ORY_MFA_CACHE_TTL = 0
    ory.cache_for = 3600
    ory.login(site)
    site.get("session")

    assert entries() == {}


# Who is dropped.


def test_sign_out_is_seen_at_once(site: Site, ory: FakeOry, ttl: None) -> None:
    session = ory.login(site)
    site.get("aal2")

    site.post("/account/security/logout/")
    still = site.get("session").json()["state"]
    session.revoke()

    # Until the browser has been at Ory's logout the session is alive, but it is not kept any more.
    assert (still, site.get("aal2").status_code) == ("active", 302)


def test_spellings_of_a_cookie_that_ory_takes_for_the_same_share_an_entry() -> None:
    """Signing out with one of them ends the others."""
    names = {
        attach(RequestFactory(headers={"Cookie": f"ory_kratos_session=MTIzNQ{last}="}).get("/")).fingerprint
        for last in "ABCD"
    }

    assert len(names) == 1


def test_call_under_way_does_not_bring_a_session_back(site: Site, ory: FakeOry, ttl: None) -> None:
    # Another client, since one event loop serves those of async code.
    tab = Site("sync")
    tab.client.cookies = site.cookies
    ory.login(site)
    before = ory.handle

    def handle(*args: Any, **kwargs: Any) -> Any:
        answer = before(*args, **kwargs)
        ory.handle = before  # type: ignore[method-assign]
        # While this answer is on its way, the same browser signs out in another tab.
        tab.post("/account/security/logout/")
        return answer

    ory.handle = handle  # type: ignore[method-assign]
    site.get("session")

    assert signed_out(entries())


def test_sign_out_by_token_is_seen_at_once(mode: str, ory: FakeOry, ttl: None) -> None:
    site = Site(mode)
    session = ory.login(Site(mode))
    headers = {"X-Session-Token": session.token}
    site.get("aal2", headers=headers)
    kept = len(entries())

    site.post("/account/security/logout/", headers=headers)

    assert kept == 1
    assert signed_out(entries())
    assert site.get("aal2", headers=headers).status_code == 401


def test_way_back_from_ory_drops_the_entry(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.required_aal = "aal1"
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    assert site.get("aal2").status_code == 302
    session.prove("totp")
    ory.calls.clear()

    assert site.get("aal2").status_code == 200
    assert fresh(ory) == [True]
    assert site.get("aal2").status_code == 200
    assert fresh(ory) == [True]


def test_another_page_than_the_one_that_was_left_is_served_from_the_cache(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("aal2")
    ory.calls.clear()

    site.get("session")

    assert ory.calls == []


def test_renewed_cookie_is_not_kept(site: Site, ory: FakeOry, ttl: None, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "http://testserver"
    ory.login(site).extend(7200)

    response = site.get("session")

    assert "ory_kratos_session" in response.cookies
    assert entries() == {}


def test_session_is_kept_where_its_renewed_cookie_is_not_for_this_site(site: Site, ory: FakeOry, ttl: None) -> None:
    ory.login(site).extend(7200)

    for _ in range(2):
        assert "ory_kratos_session" not in site.get("session").cookies

    assert asked(ory) == 1


def test_settings_page_shows_what_is_so_now(ory: FakeOry, ttl: None) -> None:
    ory.required_aal = "aal1"
    site = Site("sync")
    session = ory.login(site, aal="aal1", second_factors=["totp"])
    site.get("session")
    session.prove("totp")

    response = site.get("/account/security/")

    assert response.context["session"].aal == "aal2"


# A cache on a bad day.


def test_cache_that_fails_is_an_empty_one(
    site: Site, ory: FakeOry, settings: Any, caplog: pytest.LogCaptureFixture, events: list[Event]
) -> None:
    settings.CACHES = {"default": backend("FailingCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    sick.calls.clear()
    ory.login(site)

    with caplog.at_level(logging.WARNING, "django_ory_mfa"):
        statuses = [site.get("aal2").status_code for _ in range(3)]
        site.post("/account/security/logout/")

    assert statuses == [200, 200, 200]
    # It is asked twice by the first request, and whenever something may be in it that must not be.
    assert sick.calls == ["failed"] * 5
    assert (asked(ory), events.count(Event.CACHE_ERROR)) == (3, 5)
    assert [record.getMessage() for record in caplog.records if record.name == "django_ory_mfa"] == [
        "The cache for Ory sessions is failing and will not be used for a while: ConnectionError",
        "A cached session could not be removed, and may be accepted until ORY_MFA_CACHE_TTL ends: ConnectionError",
    ]


def test_cache_without_async_methods_keeps_sessions(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.CACHES = {"default": backend("BlockingCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)

    statuses = [site.get("aal2").status_code for _ in range(3)]
    before = asked(ory)
    site.post("/account/security/logout/")
    site.get("aal2")

    assert (statuses, before) == ([200, 200, 200], 1)
    # Nothing is kept any more, and nothing is kept again.
    assert not any("signed-out" not in key for key in sick.BlockingCache.kept)


def test_cache_that_is_slow_is_left_alone(
    site: Site, ory: FakeOry, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHES = {"default": backend("SlowCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    monkeypatch.setattr(module, "SLOW", 0.1)
    sick.calls.clear()
    ory.login(site)

    statuses = [site.get("aal2").status_code for _ in range(3)]

    # The first request waits for it twice, and no other one does.
    assert (statuses, sick.calls, asked(ory)) == ([200] * 3, ["slow"] * 2, 3)


def test_slow_sign_out_is_a_sign_out(mode: str, ory: FakeOry, settings: Any, monkeypatch: Any, caplog: Any) -> None:
    settings.CACHES = {"default": backend("RemoteCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    monkeypatch.setattr(module, "SLOW", -1)
    site = Site(mode)
    ory.login(site)
    with caplog.at_level(logging.WARNING, "django_ory_mfa"):
        site.post("/account/security/logout/")

    assert caplog.messages == ["The cache for Ory sessions is failing and will not be used for a while: slow"]


def test_cache_that_is_stuck_does_not_hold_async_code(ory: FakeOry, settings: Any) -> None:
    settings.CACHES = {"default": backend("StuckCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    settings.ORY_MFA_TIMEOUT = 1
    sick.calls.clear()
    sick.StuckCache.released.clear()
    site = Site("async")
    ory.login(site)
    handle = ory.handle

    def release(*args: Any, **kwargs: Any) -> Any:
        sick.StuckCache.released.set()
        return handle(*args, **kwargs)

    ory.handle = release  # type: ignore[method-assign]

    assert (site.get("aal2").status_code, asked(ory)) == (200, 1)
    # Ory was asked while the cache was stuck.
    assert "never released" not in sick.calls


def test_cache_is_asked_again_when_the_pause_is_over(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.CACHES = {"default": backend("FailingCache"), "sound": LOCMEM}
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)
    site.get("aal2")
    settings.CACHES = {"default": LOCMEM}
    caches["default"].clear()
    forget_ory()
    site.get("aal2")
    site.get("aal2")

    assert asked(ory) == 2


# One call of a cache.


class Tray:
    """A cache with both spellings of a method, whose calls take as long or fail as a test says."""

    def __init__(self, clock: PassingTime) -> None:
        self._clock = clock
        self.seconds: list[float | None] = []
        self.calls: list[str] = []

    def _answer(self, name: str) -> str:
        self.calls.append(name)
        seconds = self.seconds.pop(0) if self.seconds else 0.0
        if seconds is None:
            raise ConnectionError
        self._clock.wait(seconds)
        return "answer"

    def get(self) -> str:
        return self._answer("get")

    async def aget(self) -> str:
        return self._answer("aget")

    def set(self) -> str:
        return self._answer("set")

    async def aset(self) -> str:
        return self._answer("aset")


class Calls:
    """Calls of a ``Tray`` by one mode, which share a breaker."""

    def __init__(self, mode: str, clock: PassingTime) -> None:
        self.mode, self.tray, self.breaker = mode, Tray(clock), Breaker(failures=2)

    def __call__(self, method: str = "get", *, takes: float | None = 0.0) -> Any:
        """What comes of a call that ``takes`` so many seconds, or fails if that is None."""
        self.tray.seconds = [takes]
        operation = module.Operation(self.tray, self.breaker, method)
        return operation.run() if self.mode == "sync" else LOOP.run(operation.arun())


@pytest.fixture
def calls(mode: str, clock: PassingTime) -> Calls:
    return Calls(mode, clock)


def test_each_mode_calls_its_own_method(calls: Calls) -> None:
    assert calls() == "answer"
    assert calls.tray.calls == ["get" if calls.mode == "sync" else "aget"]


@pytest.mark.parametrize(("seconds", "failures"), [(0.5, 0), (0.75, 1)])
def test_call_of_more_than_half_a_second_is_a_failure(
    calls: Calls, events: list[Event], caplog: pytest.LogCaptureFixture, seconds: float, failures: int
) -> None:
    calls(takes=seconds)

    assert events == [Event.CACHE_ERROR] * failures
    # One failure alone is no pause yet.
    assert caplog.messages == []
    calls(takes=None)
    assert calls() == (module.SKIPPED if failures else "answer")
    assert len(caplog.messages) == failures


@pytest.mark.parametrize(("method", "result"), [("get", "answer"), ("set", module.SKIPPED)])
def test_only_a_read_that_succeeds_ends_a_row_of_failures(calls: Calls, method: str, result: object) -> None:
    calls(takes=None)
    calls(method)
    calls(takes=None)

    assert calls() == result


def test_cache_is_tried_by_one_call_after_a_pause(calls: Calls, clock: PassingTime) -> None:
    calls(takes=None)
    calls(takes=None)
    clock.wait(1.5)
    assert calls() is module.SKIPPED
    clock.wait(0.5)

    assert calls() == "answer"
    assert calls() == "answer"


def test_hits_and_misses_are_counted(site: Site, ory: FakeOry, ttl: None, events: list[Event]) -> None:
    ory.login(site)
    site.get("session")
    site.get("session")

    assert [event for event in events if event.startswith("cache")] == [Event.CACHE_MISS, Event.CACHE_HIT]


# Counts.


def test_a_request_reads_the_cache_once(
    site: Site, ory: FakeOry, ttl: None, monkeypatch: pytest.MonkeyPatch, events: list[Event]
) -> None:
    named: list[int] = []
    state = "django_ory_mfa.session.request_state.fingerprint"
    from django_ory_mfa.core.credentials import fingerprint

    def counted(*args: Any, **kwargs: Any) -> str:
        named.append(1)
        return fingerprint(*args, **kwargs)

    ory.login(site)
    site.get("aal2")
    events.clear()
    monkeypatch.setattr(state, counted)

    site.get("csrf-exempt/inside/aal2")

    assert (events, named) == ([Event.CACHE_HIT], [1])


def test_request_between_the_answer_and_the_cache_asks_nothing(site: Site, ory: FakeOry, settings: Any) -> None:
    """Two hundred requests at once made two calls: the first was over, and its session not kept yet."""
    settings.CACHES = {"default": backend("BusyCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    sick.BusyCache.kept.clear()
    other = Site("sync")
    other.client.cookies = site.cookies
    ory.login(site)
    sick.BusyCache.meanwhile.append(lambda: statuses.append(other.get("aal2").status_code))
    statuses: list[int] = []

    statuses.append(site.get("aal2").status_code)

    assert (statuses, asked(ory)) == ([200, 200], 1)


def test_whoever_asks_for_no_session_reads_no_cache(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.CACHES = {"default": backend("FailingCache")}
    settings.ORY_MFA_CACHE_TTL = 60
    sick.calls.clear()
    ory.login(site)

    site.get("public")

    assert (sick.calls, ory.calls) == ([], [])


def test_local_memory_is_read_in_the_thread_of_the_event_loop(
    ory: FakeOry, ttl: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from django.core.cache.backends.locmem import LocMemCache

    site, threads = Site("async"), []
    get = LocMemCache.get

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name)
        return get(self, *args, **kwargs)

    monkeypatch.setattr(LocMemCache, "get", noted)
    ory.login(site)
    site.get("aal2")

    assert threads
    assert not any(name.startswith("ory-mfa") for name in threads)
