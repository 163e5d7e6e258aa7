"""Attacks that worked once."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.views import View
from django.views.decorators.cache import cache_page

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.enforcement import AALRequired, arequire_aal
from django_ory_mfa.guard.declarations import is_exempt
from django_ory_mfa.guard.site_policy import demands_on
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.ory.client import OryClient
from django_ory_mfa.ory.deadline import Deadline, cover
from django_ory_mfa.runtime.steps import run
from django_ory_mfa.session.request_state import RequestState
from django_ory_mfa.session.resolver import attach, session_steps
from django_ory_mfa.testing import FakeOry, FakeProof
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)


# An answer that belongs to somebody else's request.


class OneConnection(threading.Thread):
    """A server that answers request after request of its connections with the chunks it was given."""

    def __init__(self, *chunks: bytes) -> None:
        super().__init__(daemon=True)
        self.chunks = chunks
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := connection.recv(65536):
                name = request.partition(b"ory_st_")[2].partition(b"\r")[0]
                for chunk in self.chunks:
                    connection.sendall(chunk.replace(b"NAME", name))


@pytest.fixture
def serving() -> Iterator[Any]:
    started: list[OneConnection] = []

    def serve(*chunks: bytes) -> OryClient:
        started.append(OneConnection(*chunks))
        return OryClient(started[-1].url)

    yield serve
    for server in started:
        server.listener.close()


def whoami(client: OryClient, name: str) -> Answer:
    return client.whoami(Credential(CredentialKind.TOKEN, f"ory_st_{name}"))


FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nNAME"


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_answer_is_not_the_answer(serving: Any, interim: bytes) -> None:
    client = serving(b"HTTP/1.1 " + interim + b"\r\nLink: </x>; rel=preload\r\n\r\n", FINAL)

    assert [whoami(client, name).body for name in ("one1", "two2", "six3")] == [b"one1", b"two2", b"six3"]


def test_switch_of_protocols_ends_the_connection(serving: Any) -> None:
    client = serving(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", FINAL)

    answers = [whoami(client, name) for name in ("one1", "two2")]

    assert [(answer.status, answer.body) for answer in answers] == [(0, b""), (0, b"")]


# A page of one visitor that a cache gives to the next.


@cache_page(60)
def cached(request: Any) -> HttpResponse:
    return HttpResponse(f"for {request.ory_session.id}")


class ReadsEarly:
    """A middleware of the site that looks at the session of every request."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.seen = bool(request.ory_session)
        return self.get_response(request)


@pytest.mark.parametrize("mode", ["sync"])
def test_cached_page_under_a_middleware_that_reads_is_refused(site: Site, ory: FakeOry, settings: Any) -> None:
    cache.clear()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.guard.test_attacks.ReadsEarly"]
    ory.login(site)

    for _ in range(2):
        with pytest.raises(ImproperlyConfigured, match="cache_page"):
            site.get("/cached")


def test_public_page_under_a_middleware_that_reads_is_served(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.guard.test_attacks.ReadsEarly"]
    ory.login(site)

    assert site.get("/plain").content == b"plain"


# A path that slips past a rule.


@pytest.mark.parametrize("target", ["/accounts/7/delete", "/accounts/7\n/delete"])
def test_newline_in_a_path_does_not_pass_by_a_rule(settings: Any, target: str) -> None:
    settings.ORY_MFA_RULES = [(r"/accounts/.+/delete", "aal2"), (r"/accounts/", "aal1")]
    found: list[Any] = [demand.declared for demand in demands_on(plain, target)]

    assert "aal2" in [declared.aal for declared in found if isinstance(declared, Requirement)]


def test_flags_of_a_compiled_rule_are_kept(settings: Any) -> None:
    settings.ORY_MFA_RULES = [(re.compile("/ADMIN", re.IGNORECASE), None)]

    assert conf.rules[0].pattern.match("/admin")


# A watchdog that dies.


def test_what_is_no_socket_does_not_kill_the_watchdog() -> None:
    class Wrapped:
        """TLS through a TLS proxy, as urllib3 wraps it."""

        def __init__(self, inner: socket.socket) -> None:
            self.socket = inner

    ours, theirs = socket.socketpair()
    with ours, theirs, Deadline(0.05):
        cover(Wrapped(ours))
        assert ours.recv(1) == b""
    with Deadline(0.05) as deadline:
        cover(object())
        assert not deadline.has_passed
    ours, theirs = socket.socketpair()
    with ours, theirs, Deadline(0.05):
        cover(ours)
        assert ours.recv(1) == b""


# A stale answer that passes for a fresh one.


def test_two_guards_at_once_both_wait_for_the_fresh_answer(ory: FakeOry) -> None:
    client = Client()
    session = ory.login(client)
    ory.cache_for = 60
    request: Any = RequestFactory().get("/", headers={"Cookie": f"{ory.cookie_name}={session.cookie}"})
    attach(request)

    async def both() -> list[Any]:
        await request.aory_session()
        session.revoke()
        guards = [arequire_aal(request, "aal2", max_age=600) for _ in range(2)]
        return await asyncio.gather(*guards, return_exceptions=True)

    assert [type(result) for result in asyncio.run(both())] == [AALRequired, AALRequired]


def test_staleness_is_known_together_with_the_session(ory: FakeOry) -> None:
    client = Client()
    session = ory.login(client)
    ory.cache_for = 60
    state = RequestState(RequestFactory().get("/", headers={"Cookie": f"{ory.cookie_name}={session.cookie}"}))
    run(session_steps(state))
    steps = session_steps(state, fresh=True)

    next(steps)

    assert state.is_possibly_stale


# Guards that guard nothing.


def test_mixin_to_the_right_of_the_view_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="left of the view"):
        type("Swapped", (View, AALRequiredMixin), {})


def test_exempting_a_view_leaves_its_other_uses_guarded() -> None:
    exempt = aal_exempt(plain)

    assert (is_exempt(exempt), is_exempt(plain)) == (True, False)


# A time that cannot be shown.


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ["America/Chicago", "Asia/Tokyo"])
def test_ends_of_the_calendar_are_shown(site: Site, ory: FakeOry, settings: Any, time: str, zone: str) -> None:
    settings.TIME_ZONE, settings.ROOT_URLCONF = zone, "tests.urls"
    session = ory.add_session(ory.add_identity(), FakeProof("password", "aal1", time))
    site.set_cookie(ory.cookie_name, session.cookie)

    assert Site("sync").get("/account/security/").status_code == 200
    assert site.get("/account/security/").status_code == 200


def plain(request: Any) -> HttpResponse:
    return HttpResponse("plain")


urlpatterns = [path("cached", cached), path("plain", plain), path("guarded", aal_required(plain))]
