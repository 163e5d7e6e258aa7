"""What a request takes from a call to Ory that another request made, and what it must not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest
from django.urls import path

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.metrics import Event, listen
from django_ory_mfa.testing import FakeOry, installed
from tests import urls as site_urls
from tests import views
from tests.site import LOOP, Site

pytestmark = pytest.mark.urls(__name__)

WHOAMI = "/sessions/whoami"
NAME = "ory_kratos_session"
# Longer than any machine needs, and never waited for in a run that passes.
PATIENCE = 60


def twice(view: Any) -> Any:
    """Guards ``view`` by a session, and inside of that by a proof that is not older than ten minutes."""
    return aal_required("aal1")(aal_required("aal2", max_age=600)(view))


urlpatterns = [
    path("sync/aal1-then-fresh", twice(views.page)),
    path("async/aal1-then-fresh", twice(views.apage)),
    *site_urls.urlpatterns,
]


class HeldOry(FakeOry):
    """An Ory that sends its first answer to whoami only once it is released; ``renewed`` goes with every session."""

    renewed = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_holding = False
        self.held = threading.Event()
        self.released = threading.Event()

    def handle(self, method: str, target: str, *args: Any, **kwargs: Any) -> Any:
        answer = super().handle(method, target, *args, **kwargs)
        if target == WHOAMI and self.renewed:
            answer.headers.append(("Set-Cookie", self.renewed))
        if target == WHOAMI and self.is_holding:
            self.is_holding = False
            self.held.set()
            self.released.wait(PATIENCE)
        return answer


@pytest.fixture
def ory(settings: Any) -> Iterator[HeldOry]:
    settings.ORY_MFA_BROWSER_URL = "http://testserver/.ory"
    settings.ORY_MFA_TIMEOUT = PATIENCE
    with installed(HeldOry(cookie_name=NAME)) as ory:
        assert isinstance(ory, HeldOry)
        yield ory
        ory.released.set()


@pytest.fixture
def joined() -> Iterator[threading.Event]:
    """Set once a request waits for the call of another one."""
    joined = threading.Event()
    stop = listen(lambda event, value: joined.set() if event is Event.SHARED else None)
    yield joined
    stop()


class Visit:
    """Two requests with one credential, of which the second arrives while Ory's answer to the first is on its way."""

    def __init__(self, site: Site, ory: HeldOry, joined: threading.Event) -> None:
        self.site, self.ory, self.joined = site, ory, joined

    def both(self, first: str, second: str, *, meanwhile: Callable[[], object], shares: bool) -> list[Any]:
        """The two responses; the first answer is released once the second request shares it, or else is over."""
        return LOOP.run(self._both(first, second, meanwhile, shares=shares), context=copy_context())

    async def _both(self, first: str, second: str, meanwhile: Callable[[], object], *, shares: bool) -> list[Any]:
        self.ory.is_holding = True
        one = asyncio.ensure_future(self._get(first))
        await asyncio.to_thread(self.ory.held.wait, PATIENCE)
        meanwhile()
        two = asyncio.ensure_future(self._get(second))
        wait = asyncio.ensure_future(asyncio.to_thread(self.joined.wait, PATIENCE))
        await asyncio.wait([wait] if shares else [wait, two], return_when=asyncio.FIRST_COMPLETED)
        self.ory.released.set()
        self.joined.set()
        await wait
        return [await one, await two]

    async def _get(self, path: str) -> Any:
        # A client of its own: the first one must not learn a cookie that the second one then sends.
        other = Site(self.site.mode)
        other.set_cookie(NAME, self.site.cookies[NAME].value)
        if self.site.mode == "sync":
            return await asyncio.to_thread(partial(other.get, path))
        return await other.client.get(f"/async/{path}")


@pytest.fixture
def visit(site: Site, ory: HeldOry, joined: threading.Event) -> Visit:
    return Visit(site, ory, joined)


def asked(ory: FakeOry) -> int:
    return sum(call.path == WHOAMI for call in ory.calls)


def test_fresh_question_is_not_answered_by_a_call_from_before(visit: Visit, ory: HeldOry) -> None:
    session = ory.login(visit.site)

    first, second = visit.both("fresh", "fresh", meanwhile=session.revoke, shares=False)

    assert second.status_code == 302
    assert (first.status_code, asked(ory)) == (200, 2)


def test_shared_answer_does_not_prove_how_old_a_proof_is(visit: Visit, ory: HeldOry) -> None:
    """The outer guard takes what is on its way; the inner one has to know what Ory says now."""
    session = ory.login(visit.site)

    first, second = visit.both("session", "aal1-then-fresh", meanwhile=session.revoke, shares=True)

    assert second.status_code == 302
    assert (first.json()["state"], asked(ory)) == ("active", 2)


def test_shared_answer_never_refuses(visit: Visit, ory: HeldOry) -> None:
    """It left Ory before the person had proved more."""
    ory.required_aal = "aal1"
    session = ory.login(visit.site, aal="aal1", second_factors=["totp"])

    first, second = visit.both("session", "aal2", meanwhile=lambda: session.prove("totp"), shares=True)

    assert (first.json()["aal"], second.status_code, asked(ory)) == ("aal1", 200, 2)


def test_shared_answer_lets_in_without_another_call(visit: Visit, ory: HeldOry) -> None:
    ory.login(visit.site)

    responses = visit.both("session", "aal2", meanwhile=bool, shares=True)

    assert ([response.status_code for response in responses], asked(ory)) == ([200, 200], 1)


def test_renewed_cookie_goes_only_to_the_request_that_asked(visit: Visit, ory: HeldOry) -> None:
    ory.renewed = f"{NAME}=bmV3; Path=/; HttpOnly; SameSite=Lax"
    ory.login(visit.site)

    first, second = visit.both("session", "session", meanwhile=bool, shares=True)

    assert (NAME in second.cookies, second.json()["state"], asked(ory)) == (False, "active", 1)
    assert first.cookies[NAME].value == "bmV3"
