"""A Django session that was being loaded when the person became known: it belongs to its owner all the same."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import JsonResponse
from django.middleware.csrf import _does_token_match, get_token  # type: ignore[attr-defined]  # no public name tells it
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.signals import identity_switched
from django_ory_mfa.testing import FakeOry
from tests.backends import plain_sessions
from tests.backends.slow_sessions import PATIENCE, Gate, SessionStore
from tests.site import MODES, Site, settle

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
MARK = "_ory_mfa_person"
COOKIE = "sessionid"


def write(request: Any) -> JsonResponse:
    """The person is known if the query says so, and writes."""
    if "known" in request.GET:
        assert request.ory_session.state
    request.session.update({name: value for name, value in request.GET.items() if name != "known"})
    return JsonResponse({})


async def awrite(request: Any) -> JsonResponse:
    if "known" in request.GET:
        assert (await request.aory_session()).state
    await request.session.aupdate({name: value for name, value in request.GET.items() if name != "known"})
    return JsonResponse({})


def form_of(request: Any) -> dict[str, str]:
    """A token for a form, if the query has the secret that Django's middleware has read from the session."""
    return {"token": get_token(request)} if "secret" in request.GET else {}


def overtaken(request: Any) -> JsonResponse:
    """Another thread begins to read before the person is known, and ends after it."""
    request.META.update({"CSRF_COOKIE": request.GET["secret"]} if "secret" in request.GET else {})
    gate = SessionStore.gate = Gate(threading.Event)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(request.session.get, "of")
        assert gate.reached.wait(PATIENCE)
        assert request.ory_session.state
        gate.opened.set()
        first = reading.result(PATIENCE)
    SessionStore.gate = None
    later = request.session.get("of")
    request.session["note"] = request.ory_session.identity.id
    return JsonResponse({"first": first, "later": later, "key": request.session.session_key, **form_of(request)})


async def aovertaken(request: Any) -> JsonResponse:
    """Another task does."""
    request.META.update({"CSRF_COOKIE": request.GET["secret"]} if "secret" in request.GET else {})
    gate = SessionStore.gate = Gate(asyncio.Event)
    reading = asyncio.ensure_future(request.session.aget("of"))
    await asyncio.wait_for(gate.reached.wait(), PATIENCE)
    person = (await request.aory_session()).identity
    gate.opened.set()
    first = await reading
    SessionStore.gate = None
    later = await request.session.aget("of")
    await request.session.aset("note", person.id)
    return JsonResponse({"first": first, "later": later, "key": request.session.session_key, **form_of(request)})


def overtaken_twice(request: Any) -> JsonResponse:
    """Another thread begins to read before the person is known, and ends after this one has read for the person."""
    gate = SessionStore.gate = Gate(threading.Event)
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(request.session.get, "of")
        assert gate.reached.wait(PATIENCE)
        assert request.ory_session.state
        first = request.session.get("of")
        gate.opened.set()
        reading.result(PATIENCE)
    SessionStore.gate = None
    return JsonResponse({"first": first, "later": request.session.get("of")})


async def aovertaken_twice(request: Any) -> JsonResponse:
    """Another task does."""
    gate = SessionStore.gate = Gate(asyncio.Event)
    reading = asyncio.ensure_future(request.session.aget("of"))
    await asyncio.wait_for(gate.reached.wait(), PATIENCE)
    assert (await request.aory_session()).state
    first = await request.session.aget("of")
    gate.opened.set()
    await reading
    SessionStore.gate = None
    return JsonResponse({"first": first, "later": await request.session.aget("of")})


@aal_required("aal1", max_age=600)
def guarded(request: Any) -> JsonResponse:
    return JsonResponse({})


@aal_required("aal1", max_age=600)
async def aguarded(request: Any) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [
    path("sync/guarded", guarded),
    path("async/guarded", aguarded),
    path("sync/overtaken-twice", overtaken_twice),
    path("async/overtaken-twice", aovertaken_twice),
    path("sync/write", write),
    path("async/write", awrite),
    path("sync/overtaken", overtaken),
    path("async/overtaken", aovertaken),
]


@sync_and_async_middleware
def with_user_one(get_response: Any) -> Any:
    """A middleware of a site that maps every person to the user 1."""

    class User:
        def is_user(self, key: str) -> bool:
            return key == "1"

        async def ais_user(self, key: str) -> bool:
            return key == "1"

    def middleware(request: Any) -> Any:
        request._ory_mfa_user = User()
        return get_response(request)

    async def amiddleware(request: Any) -> Any:
        request._ory_mfa_user = User()
        return await get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


@pytest.fixture(autouse=True)
def _site(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = "tests.backends.slow_sessions"
    settings.MIDDLEWARE = [SESSIONS, OURS]
    yield
    SessionStore.gate = None
    plain_sessions.STORED.clear()


@pytest.fixture(params=MODES)
def site(request: Any) -> Site:
    return Site(request.param)


@pytest.fixture
def switched() -> Iterator[list[Any]]:
    sent: list[Any] = []

    def hear(sender: Any, **named: Any) -> None:
        sent.append(named)

    identity_switched.connect(hear)
    yield sent
    identity_switched.disconnect(hear)


def overtaken_of(site: Site, view: str = "overtaken") -> dict[str, Any]:
    response = site.get(view)
    settle()
    assert response.status_code == 200, response.content
    found: dict[str, Any] = json.loads(response.content)
    return found


def test_other_person_neither_reads_nor_writes_it(site: Site, ory: FakeOry, switched: list[Any]) -> None:
    ory.login(site)
    site.get("write?known=&of=first")
    key = site.cookies[COOKIE].value
    before = dict(plain_sessions.STORED[key])
    ory.login(site)

    found = overtaken_of(site)

    assert (found["first"], found["later"]) == (None, None)
    assert found["key"] != key
    assert plain_sessions.STORED[key] == before
    assert site.cookies[COOKIE].value != key
    assert "of" not in plain_sessions.STORED[site.cookies[COOKIE].value]
    assert [one["previous"] for one in switched] == [before[MARK]]


@pytest.mark.parametrize("is_owner", [True, False])
def test_form_of_the_other_person_does_not_keep_its_csrf_secret(site: Site, ory: FakeOry, *, is_owner: bool) -> None:
    secret = "a" * 32
    ory.login(site)
    site.get(f"write?known=&_csrftoken={secret}")
    if not is_owner:
        ory.login(site)

    found = overtaken_of(site, f"overtaken?secret={secret}")

    assert _does_token_match(found["token"], secret) is is_owner


def test_its_owner_keeps_it(site: Site, ory: FakeOry, switched: list[Any]) -> None:
    ory.login(site)
    site.get("write?known=&of=first")
    key = site.cookies[COOKIE].value

    found = overtaken_of(site)

    assert found == {"first": "first", "later": "first", "key": key}
    assert switched == []


def test_person_takes_over_what_the_visitor_collected_before(site: Site, ory: FakeOry, switched: list[Any]) -> None:
    site.get("write?of=nobody")
    key = site.cookies[COOKIE].value
    ory.login(site)

    found = overtaken_of(site)

    assert (found["first"], found["later"]) == ("nobody", "nobody")
    assert site.cookies[COOKIE].value != key
    assert MARK in plain_sessions.STORED[site.cookies[COOKIE].value]
    assert switched == []


@pytest.mark.parametrize("user", ["1", "2"])
def test_user_whom_nobody_can_look_up_now_is_somebody_else(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any], user: str
) -> None:
    """Whether it is the person's own would have to be asked of a database, and the load cannot wait for that."""
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.with_user_one", OURS]
    site.get(f"write?_auth_user_id={user}&of=user")
    ory.login(site)

    found = overtaken_of(site)

    assert (found["first"], found["later"]) == (None, None)
    assert len(switched) == 1


@pytest.mark.parametrize(
    ("middleware", "collected"),
    [([SESSIONS, OURS], "_auth_user_id=2"), ([SESSIONS, f"{__name__}.with_user_one", OURS], "cart=1")],
    ids=["persons have no users", "no user"],
)
def test_person_takes_it_over_where_no_user_has_to_be_looked_up(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any], *, middleware: list[str], collected: str
) -> None:
    settings.MIDDLEWARE = middleware
    site.get(f"write?of=nobody&{collected}")
    ory.login(site)

    found = overtaken_of(site)

    assert (found["first"], found["later"], switched) == ("nobody", "nobody", [])


def test_owner_counts_and_not_the_user_of_django(site: Site, ory: FakeOry, settings: Any, switched: list[Any]) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.with_user_one", OURS]
    ory.login(site)
    site.get("write?known=&_auth_user_id=1&of=first")
    [stored] = plain_sessions.STORED.values()
    ory.login(site)

    found = overtaken_of(site)

    assert (found["first"], found["later"]) == (None, None)
    assert [one["previous"] for one in switched] == [stored[MARK]]


def test_session_of_whoever_was_sent_away_with_it_stays_away_when_its_load_ends_last(site: Site, ory: FakeOry) -> None:
    """It has no owner, and was replaced already when the load ends."""
    site.get("write?of=first")
    ory.login(site, age=1200)
    assert site.get("guarded").status_code == 302
    ory.login(site)

    found = overtaken_of(site, "overtaken-twice")

    assert found == {"first": None, "later": None}
