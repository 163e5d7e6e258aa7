"""A Django session belongs to the first person who uses it; everybody else finds it empty."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib import messages
from django.contrib.sessions.backends import file as file_sessions
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import (  # type: ignore[attr-defined]  # what a form must not keep has no public name
    _does_token_match,
    _unmask_cipher_token,
    get_token,
)
from django.test import RequestFactory
from django.urls import include, path
from django.utils.asyncio import async_unsafe
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject
from django.views.decorators.csrf import csrf_protect

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import aevaluate, arequire_aal, evaluate, require_aal
from django_ory_mfa.signals import identity_switched
from django_ory_mfa.testing import FakeOry
from tests.backends import meeting_sessions, plain_sessions
from tests.site import LOOP, Site, settle

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
BACKENDS = "django.contrib.sessions.backends"
MARK = "_ory_mfa_person"
COOKIE = "sessionid"
SETTINGS_PAGE = "/account/security/"


# Views. "who" makes the person known, "use" reads and writes the Django session.


def shown(data: Any) -> JsonResponse:
    return JsonResponse({name: value for name, value in data if name != MARK})


def public(request: Any) -> HttpResponse:
    return HttpResponse("public")


async def apublic(request: Any) -> HttpResponse:
    return HttpResponse("public")


def write(request: Any) -> HttpResponse:
    request.session.update(request.GET.dict())
    return HttpResponse()


async def awrite(request: Any) -> HttpResponse:
    await request.session.aupdate(request.GET.dict())
    return HttpResponse()


def who(request: Any) -> HttpResponse:
    return HttpResponse(request.ory_session.state)


async def awho(request: Any) -> HttpResponse:
    return HttpResponse((await request.aory_session()).state)


def read(request: Any) -> JsonResponse:
    return shown(request.session.items())


async def aread(request: Any) -> JsonResponse:
    return shown(await request.session.aitems())


def who_then_read(request: Any) -> JsonResponse:
    assert request.ory_session.state
    return read(request)


async def awho_then_read(request: Any) -> JsonResponse:
    await request.aory_session()
    return await aread(request)


def read_then_who_then_read(request: Any) -> JsonResponse:
    read(request)
    return who_then_read(request)


async def aread_then_who_then_read(request: Any) -> JsonResponse:
    await aread(request)
    return await awho_then_read(request)


def who_twice(request: Any) -> HttpResponse:
    """A session from the cache is asked for anew, for a fresh proof."""
    assert request.ory_session.state
    require_aal(request, "aal2", max_age=600)
    return HttpResponse()


async def awho_twice(request: Any) -> HttpResponse:
    await request.aory_session()
    await arequire_aal(request, "aal2", max_age=600)
    return HttpResponse()


def who_then_nobody_then_read(request: Any) -> JsonResponse:
    """A session from the cache turns out to have ended."""
    assert request.ory_session.state
    assert not evaluate(request, Requirement("aal2", max_age=600)).is_allowed
    return read(request)


async def awho_then_nobody_then_read(request: Any) -> JsonResponse:
    await request.aory_session()
    assert not (await aevaluate(request, Requirement("aal2", max_age=600))).is_allowed
    return await aread(request)


def create_and_fail(request: Any) -> HttpResponse:
    """Django saves no session with such an answer."""
    assert request.ory_session.state
    request.session.create()
    return HttpResponse(status=500)


async def acreate_and_fail(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.acreate()
    return HttpResponse(status=500)


def write_then_who(request: Any) -> HttpResponse:
    write(request)
    return who(request)


async def awrite_then_who(request: Any) -> HttpResponse:
    await awrite(request)
    return await awho(request)


def write_then_who_then_read(request: Any) -> JsonResponse:
    write(request)
    return who_then_read(request)


async def awrite_then_who_then_read(request: Any) -> JsonResponse:
    await awrite(request)
    return await awho_then_read(request)


def who_then_write(request: Any) -> HttpResponse:
    assert request.ory_session.state
    return write(request)


async def awho_then_write(request: Any) -> HttpResponse:
    await request.aory_session()
    return await awrite(request)


def save(request: Any) -> HttpResponse:
    """Saves by itself, without having read anything before."""
    assert request.ory_session.state
    request.session.save()
    return read(request)


async def asave(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.asave()
    return await aread(request)


BASKETS: dict[str | None, str] = {}


def basket(request: Any) -> HttpResponse:
    """Keeps it under the session's key, and does not look into the session."""
    assert request.ory_session.state
    if "put" in request.GET:
        BASKETS[request.session.session_key] = request.GET["put"]
    return HttpResponse(BASKETS.get(request.session.session_key, "nothing"))


async def abasket(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.akeys()
    return basket(request)


async def abasket_unloaded(request: Any) -> HttpResponse:
    await request.aory_session()
    return basket(request)


def new_basket(request: Any) -> HttpResponse:
    """As sites do that keep nothing in the session itself."""
    assert request.ory_session.state
    if not request.session.session_key:
        request.session.create()
    return basket(request)


async def anew_basket(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.akeys()
    if not request.session.session_key:
        await request.session.acreate()
    return basket(request)


def cleared_basket(request: Any) -> HttpResponse:
    assert request.ory_session.state
    request.session.clear()
    return basket(request)


async def acleared_basket(request: Any) -> HttpResponse:
    await request.aory_session()
    return cleared_basket(request)


async def cleared(request: Any) -> HttpResponse:
    await request.aory_session()
    request.session.clear()
    return shown(request.session.items())


def create(request: Any) -> HttpResponse:
    request.session.create()
    return HttpResponse()


async def acreate(request: Any) -> HttpResponse:
    await request.session.acreate()
    return HttpResponse()


def modify(request: Any) -> HttpResponse:
    """Says that something has changed, and reads nothing."""
    assert request.ory_session.state
    request.session.modified = True
    return HttpResponse()


async def amodify(request: Any) -> HttpResponse:
    await request.aory_session()
    return modify(request)


async def adelete(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.adelete(request.GET.get("key"))
    return HttpResponse()


def write_and_save(request: Any) -> HttpResponse:
    who_then_write(request)
    request.session.save()
    return HttpResponse()


async def awrite_and_save(request: Any) -> HttpResponse:
    await awho_then_write(request)
    await request.session.asave()
    return HttpResponse()


def cycle(request: Any) -> HttpResponse:
    """As Django's ``login()`` does."""
    assert request.ory_session.state
    request.session.cycle_key()
    return write(request)


async def acycle(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.acycle_key()
    return await awrite(request)


def leave_and_write(request: Any) -> HttpResponse:
    assert request.ory_session.state
    request.session.flush()
    return write(request)


async def aleave_and_write(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.aflush()
    return await awrite(request)


def create_and_write(request: Any) -> HttpResponse:
    """As sites do that need a key."""
    assert request.ory_session.state
    request.session.create()
    key = request.session.session_key
    write(request)
    return HttpResponse(key)


async def acreate_and_write(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.acreate()
    key = request.session.session_key
    await awrite(request)
    return HttpResponse(key)


def expire(request: Any) -> HttpResponse:
    assert request.ory_session.state
    request.session.set_expiry(60)
    return HttpResponse()


async def aexpire(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.aset_expiry(60)
    return HttpResponse()


def message(request: Any) -> HttpResponse:
    messages.info(request, request.GET["text"])
    return who(request)


async def amessage(request: Any) -> HttpResponse:
    messages.info(request, request.GET["text"])
    return await awho(request)


def seen(request: Any) -> HttpResponse:
    assert request.ory_session.state
    return HttpResponse(" ".join(str(message) for message in messages.get_messages(request)))


async def aseen(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(" ".join(str(message) for message in messages.get_messages(request)))


def form(request: Any) -> HttpResponse:
    assert request.ory_session.state
    return HttpResponse(get_token(request))


async def aform(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(get_token(request))


def read_then_form(request: Any) -> HttpResponse:
    """The session is loaded before the person is known."""
    read(request)
    return form(request)


async def aread_then_form(request: Any) -> HttpResponse:
    await aread(request)
    return await aform(request)


def form_of_loaded(request: Any) -> HttpResponse:
    """The session is loaded once the person is known, by code that does not block."""
    assert request.ory_session.state
    request.session.keys()
    return HttpResponse(get_token(request))


async def aform_of_loaded(request: Any) -> HttpResponse:
    await request.aory_session()
    await request.session.akeys()
    return HttpResponse(get_token(request))


async def form_before_use(request: Any) -> HttpResponse:
    """Makes a form, and uses the session afterwards."""
    await request.aory_session()
    token = get_token(request)
    await request.session.akeys()
    return HttpResponse(token)


def form_then_form(request: Any) -> HttpResponse:
    """A token was given out before the person is known, such as by a middleware."""
    get_token(request)
    return form(request)


async def aform_then_form(request: Any) -> HttpResponse:
    get_token(request)
    return await aform(request)


def who_then_fresh(request: Any) -> JsonResponse:
    """Knows the person from the cache, then asks Ory again."""
    assert request.ory_session
    require_aal(request, "aal2", max_age=600)
    return read(request)


async def awho_then_fresh(request: Any) -> JsonResponse:
    await request.aory_session()
    await arequire_aal(request, "aal2", max_age=600)
    return await aread(request)


async def blocking_read(request: Any) -> JsonResponse:
    """Blocking access inside an event loop, which works with stores that do not block."""
    await request.aory_session()
    return read(request)


VIEWS = [
    "public",
    "who_then_fresh",
    "write",
    "who",
    "read",
    "who_then_read",
    "read_then_who_then_read",
    "who_twice",
    "who_then_nobody_then_read",
    "create_and_fail",
    "write_then_who",
    "write_then_who_then_read",
    "who_then_write",
    "save",
    "basket",
    "new_basket",
    "cleared_basket",
    "create",
    "modify",
    "write_and_save",
    "cycle",
    "leave_and_write",
    "create_and_write",
    "expire",
    "message",
    "seen",
    "form",
    "read_then_form",
    "form_of_loaded",
    "form_then_form",
]
aal1, aal2 = aal_required("aal1"), aal_required("aal2", max_age=600)
urlpatterns = [
    path("sync/", include([path(name, globals()[name]) for name in VIEWS])),
    path("async/", include([path(name, globals()[f"a{name}"]) for name in VIEWS])),
    path("sync/protected_form", csrf_protect(form)),
    path("sync/guarded", aal1(read)),
    path("async/guarded", aal1(aread)),
    path("async/basket_unloaded", abasket_unloaded),
    path("async/cleared", cleared),
    path("async/form_before_use", form_before_use),
    path("async/delete", adelete),
    path("sync/guarded-write", aal1(write)),
    path("async/guarded-write", aal1(awrite)),
    path("sync/fresh", aal2(read)),
    path("async/fresh", aal2(aread)),
    path("async/blocking-read", blocking_read),
    path("account/security/", include("django_ory_mfa.urls")),
]


# Fixtures


@pytest.fixture(autouse=True)
def _site(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = f"{BACKENDS}.cache"
    settings.MIDDLEWARE = [SESSIONS, OURS]
    plain_sessions.ASKED.clear()
    yield
    plain_sessions.STORED.clear()


ENGINES = ["cache", "signed_cookies", "file", "plain"]
# Those with keys under which something else can be kept: a signed cookie is its own key, and changes with its content.
KEYED = ["cache", "file", "plain"]


def with_every(views: list[str]) -> Any:
    """Every view with one store, and every store with one view."""
    pairs = [*((view, ENGINES[0]) for view in views), *((views[0], engine) for engine in ENGINES[1:])]
    return pytest.mark.parametrize(("view", "engine"), pairs, indirect=["engine"])


@pytest.fixture(params=ENGINES)
def engine(request: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The store of the sessions; those that need a database have a process of their own."""
    name = str(request.param)
    settings.SESSION_ENGINE = "tests.backends.plain_sessions" if name == "plain" else f"{BACKENDS}.{name}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    # It is found out once per process.
    monkeypatch.setattr(file_sessions.SessionStore, "_storage_path", str(tmp_path), raising=False)
    return name


@pytest.fixture
def plain(settings: Any) -> None:
    """A store that notes what it is asked."""
    settings.SESSION_ENGINE = "tests.backends.plain_sessions"


@pytest.fixture
def switched() -> Iterator[list[dict[str, Any]]]:
    """What ``identity_switched`` was sent with, each time."""
    sent: list[dict[str, Any]] = []

    def hear(sender: Any, **named: Any) -> None:
        sent.append(named)

    identity_switched.connect(hear)
    yield sent
    identity_switched.disconnect(hear)


def data_of(response: Any) -> Any:
    assert response.status_code == 200, response.status_code
    return json.loads(response.content)


def back_as(ory: FakeOry, site: Site, session: Any) -> None:
    """Somebody who was here before signs in again, with a new session of Ory's."""
    again = ory.add_session(session.identity, ("password", 0), ("totp", 0))
    site.set_cookie(ory.cookie_name, again.cookie)


def sign_out_of_ory(ory: FakeOry, site: Site) -> None:
    del site.cookies[ory.cookie_name]


# Somebody else


READERS = ["who_then_read", "read_then_who_then_read", "guarded", "save"]


@with_every(READERS)
def test_other_person_finds_it_empty(site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str) -> None:
    """As after signing in by a link to Ory, without any redirect of ours."""
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    assert data_of(site.get("guarded")) == {"cart": "first"}
    second = ory.login(site)

    assert data_of(site.get(view)) == {}
    [named] = switched
    assert (named["session"].identity.id, named["request"].path) == (second.identity.id, f"/{site.mode}/{view}")
    assert named["previous"]
    assert first.identity.id not in named["previous"]


@with_every(READERS)
def test_same_person_keeps_it(site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    back_as(ory, site, first)

    assert data_of(site.get(view)) == {"cart": "first"}
    assert switched == []


def test_other_person_is_told_once_and_starts_anew(site: Site, ory: FakeOry, engine: str, switched: list[Any]) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    site.get("guarded")
    site.get("guarded-write?cart=second")

    assert data_of(site.get("guarded")) == {"cart": "second"}
    assert len(switched) == 1
    back_as(ory, site, first)
    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 2


@with_every(["who_then_write", "write_then_who", "guarded-write", "write_and_save", "cycle", "leave_and_write"])
def test_whoever_writes_first_owns_it(site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str) -> None:
    ory.login(site)
    site.get(f"{view}?cart=first")
    assert data_of(site.get("guarded")) == {"cart": "first"}
    ory.login(site)

    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


@with_every(["who_then_write", "write_then_who", "write_and_save", "cycle"])
def test_what_the_other_person_writes_is_theirs_alone(site: Site, ory: FakeOry, engine: str, view: str) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first&theirs=1")
    ory.login(site)
    site.get(f"{view}?cart=second")

    kept = data_of(site.get("guarded"))

    # What was written before the person was known went with the rest, which is the safe side.
    assert kept == ({} if view == "write_then_who" else {"cart": "second"})


def test_stored_session_of_the_first_person_is_deleted(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    before = dict(plain_sessions.STORED)
    ory.login(site)

    response = site.get("guarded")

    assert len(before) == 1
    assert plain_sessions.STORED == {}
    assert response.cookies[COOKIE]["max-age"] == 0


@pytest.mark.parametrize("view", ["guarded", "read_then_who_then_read"])
def test_owner_keeps_it_although_somebody_else_was_sent_to_ory_with_it(
    site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str
) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    back_as(ory, site, first)

    assert data_of(site.get(view)) == {"cart": "first"}
    assert switched == []


# Nobody's


@with_every(READERS)
def test_first_person_takes_over_what_the_visitor_collected_before(
    site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str
) -> None:
    site.get("write?cart=of+nobody")
    first = ory.login(site)

    assert data_of(site.get(view)) == {"cart": "of nobody"}
    assert switched == []
    ory.login(site)
    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1
    back_as(ory, site, first)
    assert data_of(site.get("guarded")) == {}


@pytest.mark.parametrize("view", ["who_then_read", "who_then_write"])
def test_key_that_was_there_before_the_person_is_replaced(site: Site, ory: FakeOry, engine: str, view: str) -> None:
    """Whoever planted it in this browser must not share what the person does (session fixation)."""
    site.get("write?cart=of+nobody")
    planted = site.cookies[COOKIE].value
    ory.login(site)
    site.get(view)
    site.get("who_then_write?address=secret")
    attacker = Site(site.mode)
    attacker.set_cookie(COOKIE, planted)

    assert site.cookies[COOKIE].value != planted
    assert data_of(site.get("guarded")) == {"cart": "of nobody", "address": "secret"}
    assert data_of(attacker.get("read")) == {"cart": "of nobody"}


@pytest.mark.parametrize("store", ["plain_sessions", "native_sessions"])
def test_key_that_was_there_before_the_person_is_replaced_when_a_view_saves(
    site: Site, ory: FakeOry, settings: Any, store: str
) -> None:
    settings.SESSION_ENGINE = f"tests.backends.{store}"
    site.get("write?cart=of+nobody")
    planted = site.cookies[COOKIE].value
    ory.login(site)
    site.get("write_and_save?address=secret")

    assert plain_sessions.STORED[planted] == {"cart": "of nobody"}
    assert data_of(site.get("guarded")) == {"cart": "of nobody", "address": "secret"}


def test_empty_session_that_was_there_before_is_replaced_too(site: Site, ory: FakeOry, plain: None) -> None:
    plain_sessions.STORED["planted" * 4] = {}
    site.set_cookie(COOKIE, "planted" * 4)
    ory.login(site)
    site.get("who_then_write?address=secret")

    assert plain_sessions.STORED["planted" * 4] == {}
    assert data_of(site.get("guarded")) == {"address": "secret"}


def test_key_of_a_session_with_an_owner_stays(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=1")
    key = site.cookies[COOKIE].value
    site.get("who_then_write?cart=2")

    assert site.cookies[COOKIE].value == key


def test_key_that_a_view_was_given_stays(site: Site, ory: FakeOry, engine: str) -> None:
    ory.login(site)

    response = site.get("create_and_write?cart=first")

    assert data_of(site.get("guarded")) == {"cart": "first"}
    if engine != "signed_cookies":
        assert site.cookies[COOKIE].value == response.content.decode()


def test_key_of_a_new_session_is_the_first_one_made(
    site: Site, ory: FakeOry, plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = iter(["first" * 6, "second" * 6])
    monkeypatch.setattr(plain_sessions.SessionStore, "_get_new_session_key", lambda _: next(keys))
    ory.login(site)
    site.get("create_and_write?cart=1")

    assert site.cookies[COOKIE].value == "first" * 6


def test_visitor_without_a_known_person_keeps_what_is_nobodys(
    site: Site, ory: FakeOry, engine: str, switched: list[Any]
) -> None:
    site.get("write?cart=of+nobody")

    assert data_of(site.get("who_then_read")) == {"cart": "of nobody"}
    assert data_of(site.get("who_then_read")) == {"cart": "of nobody"}
    assert switched == []


@pytest.mark.parametrize("problem", ["second factor due", "outage"])
def test_person_who_is_not_known_changes_nothing(
    site: Site, ory: FakeOry, plain: None, switched: list[Any], problem: str
) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    stored = dict(plain_sessions.STORED)
    if problem == "outage":
        ory.login(site)
        ory.fail(503)
    else:
        ory.login(site, aal="aal1", second_factors={"totp"})

    site.get("who_then_read")

    assert stored == plain_sessions.STORED
    assert switched == []
    ory.recover()
    back_as(ory, site, first)
    assert data_of(site.get("guarded")) == {"cart": "first"}


def test_person_is_known_once_the_second_factor_was_given(
    site: Site, ory: FakeOry, engine: str, switched: list[Any]
) -> None:
    """Ory hides who it is until then, so that no hop names anybody."""
    ory.login(site)
    site.get("who_then_write?cart=first")
    second = ory.login(site, aal="aal1", second_factors={"totp"})
    assert site.get("fresh").status_code == 302
    second.prove("totp")

    assert data_of(site.get("fresh")) == {}
    assert len(switched) == 1


def test_session_that_ory_is_asked_about_twice_has_one_owner(
    site: Site, ory: FakeOry, engine: str, settings: Any, switched: list[Any]
) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)
    site.get("who_then_write?cart=first")
    assert data_of(site.get("who_then_fresh")) == {"cart": "first"}
    ory.login(site)
    site.get("who")
    ory.calls.clear()

    assert data_of(site.get("who_then_fresh")) == {}
    assert len(ory.calls) == 1
    assert len(switched) == 1


def test_person_after_a_lost_session_is_noticed(site: Site, ory: FakeOry, engine: str, switched: list[Any]) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    first.revoke()
    assert site.get("guarded").status_code == 302
    ory.login(site)

    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


@pytest.mark.parametrize("store", ["plain_sessions", "native_sessions"])
def test_view_of_the_other_person_that_only_saves_it_saves_an_empty_one(
    site: Site, ory: FakeOry, settings: Any, store: str
) -> None:
    """A store that updates only what is there would find nothing under the key of a session that was just emptied."""
    settings.SESSION_ENGINE = f"tests.backends.{store}"
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)

    assert data_of(site.get("save")) == {}


# Who uses only its key


def test_what_is_kept_under_its_key_is_not_found_by_the_other_person(
    site: Site, ory: FakeOry, engine: str, switched: list[Any]
) -> None:
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    assert site.get("basket?put=apples").content == b"apples"
    back_as(ory, site, first)
    assert site.get("basket").content == b"apples"
    ory.login(site)

    assert site.get("basket").content == b"nothing"
    assert len(switched) == 1


@pytest.mark.parametrize("engine", KEYED, indirect=True)
@pytest.mark.parametrize("view", ["new_basket", "cleared_basket"])
def test_what_is_kept_under_the_key_of_an_empty_session_is_not_found_by_the_other_person(
    site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str
) -> None:
    first = ory.login(site)
    assert site.get("new_basket?put=apples").content == b"apples"
    back_as(ory, site, first)
    assert site.get("new_basket").content == b"apples"
    ory.login(site)

    assert site.get(view).content == b"nothing"
    settle()
    assert len(switched) == 1


@pytest.mark.parametrize("engine", KEYED, indirect=True)
def test_empty_session_with_which_another_person_was_sent_to_ory_is_replaced_although_it_was_read_before(
    site: Site, ory: FakeOry, engine: str, switched: list[Any]
) -> None:
    site.get("create")
    key = site.cookies[COOKIE].value
    ory.login(site, age=1200)
    assert site.get("fresh").status_code == 302
    ory.login(site)

    assert data_of(site.get("read_then_who_then_read")) == {}
    assert site.cookies[COOKIE].value != key
    assert len(switched) == 1


@pytest.mark.parametrize("engine", KEYED, indirect=True)
def test_key_of_an_empty_session_is_replaced_when_somebody_reads_it(site: Site, ory: FakeOry, engine: str) -> None:
    """Whoever planted it in this browser must not find what is kept under it from now on."""
    site.get("create")
    planted = site.cookies[COOKIE].value
    ory.login(site)
    site.get("who_then_read")

    assert site.cookies[COOKIE].value != planted


def test_session_that_is_not_there_is_not_made_by_reading_it(site: Site, ory: FakeOry, plain: None) -> None:
    site.set_cookie(COOKIE, "gone" * 8)
    ory.login(site)
    site.get("who_then_read")
    site.get("read_then_who_then_read")

    assert plain_sessions.STORED == {}


def test_session_of_a_database_is_emptied_in_an_event_loop_without_its_owner(
    ory: FakeOry, plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django itself loads nothing then."""
    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    monkeypatch.setattr(plain_sessions.SessionStore, "load", async_unsafe(plain_sessions.SessionStore.load))

    assert site.get("cleared").content == b"{}"


def test_key_that_is_read_in_an_event_loop_without_loading_is_not_the_other_persons(ory: FakeOry, engine: str) -> None:
    """Stores that need no database load at once."""
    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    assert site.get("basket_unloaded?put=apples").content == b"apples"
    ory.login(site)

    assert site.get("basket_unloaded").content == b"nothing"


def test_key_is_read_with_one_look_into_the_store(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    plain_sessions.ASKED.clear()
    site.get("basket")

    assert plain_sessions.ASKED == ["load"]


def test_key_that_needs_a_database_is_not_told_in_an_event_loop_before_the_session_is_loaded(
    ory: FakeOry, plain: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    monkeypatch.setattr(plain_sessions.SessionStore, "load", async_unsafe(plain_sessions.SessionStore.load))

    with pytest.raises(SynchronousOnlyOperation, match="load it first"):
        site.get("basket_unloaded")


def test_session_that_is_only_said_to_have_changed_is_emptied_for_the_other_person(
    site: Site, ory: FakeOry, engine: str, switched: list[Any]
) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)

    assert site.get("modify").status_code == 200
    assert len(switched) == 1
    assert data_of(site.get("guarded")) == {}


class Maps:
    """A middleware of the site that maps the persons of Ory to the user 1, and can say so to async code only."""

    sync_capable, async_capable = False, True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: Any) -> Any:
        request._ory_mfa_user = self
        return await self.get_response(request)

    async def ais_user(self, key: str) -> bool:
        return key == "1"


class OfUserOne:
    """The user 1 of Django, who is every person of Ory on this site; notes what it is asked, and with which key."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self.asked: list[tuple[str, str | None]] = []

    def is_user(self, key: str) -> bool:
        self.asked.append((key, self._request.session.session_key))
        return key == "1"

    async def ais_user(self, key: str) -> bool:
        return self.is_user(key)


OF_USERS: list[OfUserOne] = []


@sync_and_async_middleware
def maps_to_user_one(get_response: Any) -> Any:
    """A middleware of a site that maps the persons of Ory to its users."""

    def attach(request: Any) -> None:
        request._ory_mfa_user = OfUserOne(request)
        OF_USERS.append(request._ory_mfa_user)

    def middleware(request: Any) -> Any:
        attach(request)
        return get_response(request)

    async def amiddleware(request: Any) -> Any:
        attach(request)
        return await get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


@pytest.fixture
def of_users(settings: Any) -> Iterator[list[OfUserOne]]:
    """The users of the requests to a site that maps persons to users."""
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.maps_to_user_one", OURS]
    OF_USERS.clear()
    yield OF_USERS
    OF_USERS.clear()


@with_every([*READERS, "basket"])
def test_session_of_a_django_user_is_taken_over_by_the_person_of_that_user(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str, switched: list[Any], view: str
) -> None:
    """A sign-in to Django that was there before the person was known. The key is not told to who is asked about it."""
    site.get("write?_auth_user_id=1&cart=of+user+1")
    planted = site.cookies[COOKIE].value
    ory.login(site)
    assert site.get(view).status_code == 200

    assert of_users[-1].asked == [("1", None)]
    assert site.cookies[COOKIE].value != planted
    assert data_of(site.get("guarded")) == {"_auth_user_id": "1", "cart": "of user 1"}
    assert of_users[-1].asked == []
    assert switched == []


@with_every(["write_then_who", "write_then_who_then_read"])
def test_what_is_written_before_the_person_is_known_is_kept_with_the_session_of_their_user(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str, view: str
) -> None:
    site.get("write?_auth_user_id=1&cart=1")
    ory.login(site)
    site.get(f"{view}?cart=2")

    assert data_of(site.get("guarded")) == {"_auth_user_id": "1", "cart": "2"}


@with_every([*READERS, "basket"])
def test_session_of_another_django_user_is_empty(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str, switched: list[Any], view: str
) -> None:
    site.get("write?_auth_user_id=2&cart=of+user+2")
    ory.login(site)
    assert site.get(view, follow=True).status_code == 200

    assert data_of(site.get("guarded")) == {}
    assert [named["previous"] for named in switched] == [""]


def test_another_django_user_who_signs_in_before_the_person_is_known_is_dropped(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str
) -> None:
    ory.login(site)
    site.get("write_then_who?_auth_user_id=2")

    assert data_of(site.get("read")) == {}


@with_every(READERS)
def test_session_without_a_django_user_is_taken_over_where_persons_have_users(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str, switched: list[Any], view: str
) -> None:
    site.get("write?cart=of+nobody")
    ory.login(site)

    assert data_of(site.get(view)) == {"cart": "of nobody"}
    assert [asked for user in of_users for asked in user.asked] == []
    assert switched == []


@with_every(READERS)
def test_session_with_an_owner_is_theirs_whoever_signs_in_to_django(
    site: Site, ory: FakeOry, of_users: list[OfUserOne], engine: str, switched: list[Any], view: str
) -> None:
    """As somebody of the staff does who looks at the site as another user; and the person's own user is no passport."""
    ory.login(site)
    site.get("who_then_write?_auth_user_id=2")
    assert data_of(site.get(view)) == {"_auth_user_id": "2"}
    site.get("who_then_write?_auth_user_id=1")
    ory.login(site)

    assert data_of(site.get(view, follow=True)) == {}
    assert [asked for user in of_users for asked in user.asked] == []
    assert len(switched) == 1


@with_every(READERS)
def test_django_user_says_nothing_where_persons_have_no_users(
    site: Site, ory: FakeOry, engine: str, switched: list[Any], view: str
) -> None:
    site.get("write?_auth_user_id=2")
    ory.login(site)

    assert data_of(site.get(view)) == {"_auth_user_id": "2"}
    assert switched == []


@pytest.mark.parametrize(("user", "kept"), [("1", {"_auth_user_id": "1"}), ("2", {})])
def test_store_whose_coroutine_calls_blocking_code_has_its_user_looked_up_by_async_code(
    ory: FakeOry, plain: None, settings: Any, switched: list[Any], user: str, kept: dict[str, str]
) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.Maps", OURS]
    site = Site("async")
    site.get(f"write?_auth_user_id={user}")
    ory.login(site)

    assert data_of(site.get("who_then_read")) == kept
    assert len(switched) == (not kept)


def test_form_that_is_made_before_the_user_is_looked_up_can_be_sent(
    ory: FakeOry, plain: None, settings: Any, switched: list[Any]
) -> None:
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = [SESSIONS, CSRF, f"{__name__}.Maps", OURS]
    site = Site("async")
    site.get(f"write?_auth_user_id=2&_csrftoken={'a' * 32}")
    ory.login(site)
    token = site.get("form_before_use").content.decode()

    secret = plain_sessions.STORED[site.cookies[COOKIE].value]["_csrftoken"]
    assert _does_token_match(token, secret)
    settle()
    assert len(switched) == 1


class Proxies:
    """A middleware of the site that puts a proxy in the place of the session."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        session = request.session
        request.session = SimpleLazyObject(lambda: session)
        return self.get_response(request)


def test_session_behind_a_proxy_is_loaded_for_its_key(
    site: Site, ory: FakeOry, engine: str, settings: Any, switched: list[Any]
) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.Proxies", OURS]
    ory.login(site)
    site.get("who_then_write?cart=first")
    assert site.get("basket?put=apples").content == b"apples"
    ory.login(site)

    assert site.get("basket").content == b"nothing"
    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


def test_session_of_a_class_that_cannot_be_derived_is_loaded_for_its_key(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any]
) -> None:
    settings.SESSION_ENGINE = "tests.backends.strict_sessions"
    ory.login(site)
    site.get("who_then_write?cart=first")
    assert site.get("basket?put=apples").content == b"apples"
    ory.login(site)

    assert site.get("basket").content == b"nothing"
    assert len(switched) == 1


@pytest.mark.parametrize("key", [None, "another"])
def test_session_is_deleted_in_an_event_loop_by_its_own_key(ory: FakeOry, settings: Any, key: str | None) -> None:
    settings.SESSION_ENGINE = "tests.backends.native_sessions"
    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    before = set(plain_sessions.STORED)
    plain_sessions.STORED["another"] = {}
    site.get("delete" if key is None else "delete?key=another")

    assert set(plain_sessions.STORED) == ({"another"} if key is None else before)


# Who does not use it


def test_request_that_does_not_use_it_neither_reads_nor_writes_it(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    stored = dict(plain_sessions.STORED)
    ory.login(site)
    plain_sessions.ASKED.clear()

    response = site.get("who")

    assert plain_sessions.ASKED == []
    assert stored == plain_sessions.STORED
    assert list(response.cookies) == []


def test_visitor_without_a_session_gets_none(site: Site, ory: FakeOry, engine: str) -> None:
    ory.login(site)

    for view in ("who", "guarded", "who_then_read", "read_then_who_then_read"):
        assert list(site.get(view).cookies) == []


def test_public_page_does_not_make_the_person_known(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    ory.calls.clear()
    plain_sessions.ASKED.clear()

    site.get("public")

    assert (ory.calls, plain_sessions.ASKED) == ([], [])


def test_reading_it_once_more_writes_nothing(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    plain_sessions.ASKED.clear()

    response = site.get("guarded")

    assert plain_sessions.ASKED == ["load"]
    assert list(response.cookies) == []


# How else a session comes to data


def test_expiry_alone_is_data_too(site: Site, ory: FakeOry, engine: str, switched: list[Any]) -> None:
    ory.login(site)
    site.get("expire")
    ory.login(site)

    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


@pytest.mark.parametrize("middleware", [[SESSIONS, MESSAGES, OURS], [SESSIONS, OURS, MESSAGES]], ids=["outer", "inner"])
def test_messages_are_for_the_person_to_whom_they_were_written(
    site: Site, ory: FakeOry, engine: str, settings: Any, middleware: list[str]
) -> None:
    """Django's middleware writes them when the response leaves, after ours has seen it."""
    settings.MIDDLEWARE = middleware
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
    first = ory.login(site)
    site.get("message?text=for+first")
    ory.login(site)
    site.get("message?text=for+second")

    assert site.get("seen").content == b"for second"
    back_as(ory, site, first)
    assert site.get("seen").content == b""


@pytest.mark.parametrize("middleware", [[SESSIONS, CSRF, OURS], [SESSIONS, OURS, CSRF]], ids=["outer", "inner"])
def test_csrf_secret_in_the_session_is_renewed(
    mode: str, ory: FakeOry, engine: str, settings: Any, middleware: list[str]
) -> None:
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = middleware
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    first = site.get("form").content.decode()
    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 200
    ory.login(site)

    second = site.get("form").content.decode()

    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 403
    assert site.post("who", {"csrfmiddlewaretoken": second}).status_code == 200


@pytest.mark.parametrize("middleware", [[SESSIONS, CSRF, OURS], [SESSIONS, OURS, CSRF]], ids=["outer", "inner"])
def test_csrf_secret_in_a_cookie_is_renewed_for_the_next_person(
    mode: str, ory: FakeOry, engine: str, settings: Any, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    site.get("guarded-write?cart=first")
    first = site.get("form").content.decode()
    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 200
    ory.login(site)

    site.get("guarded")
    second = site.get("form").content.decode()

    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 403
    assert site.post("who", {"csrfmiddlewaretoken": second}).status_code == 200


class ReadsBoth:
    """A middleware that reads the Ory session, and then Django's, before the view."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        assert request.ory_session.state
        request.session.keys()


def test_csrf_secret_is_renewed_below_a_decorator_that_reads_it_again(ory: FakeOry, engine: str, settings: Any) -> None:
    settings.MIDDLEWARE = [SESSIONS, CSRF, OURS, f"{__name__}.ReadsBoth"]
    site = Site("sync", enforce_csrf_checks=True)
    ory.login(site)
    site.get("guarded-write?cart=first")
    first = site.get("protected_form").content.decode()
    ory.login(site)

    second = site.get("protected_form").content.decode()

    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 403
    assert site.post("who", {"csrfmiddlewaretoken": second}).status_code == 200


@pytest.mark.parametrize(
    ("middleware", "view"),
    [
        ([SESSIONS, CSRF, OURS], "form"),
        ([SESSIONS, CSRF, OURS], "read_then_form"),
        # The second one gives the request a session that is loaded once the person is known.
        ([SESSIONS, CSRF, SESSIONS, OURS], "form_of_loaded"),
    ],
    ids=["known before the form", "known after the session", "loaded after the person"],
)
def test_form_of_the_other_person_does_not_keep_the_csrf_secret(
    mode: str, ory: FakeOry, plain: None, settings: Any, *, view: str, middleware: list[str]
) -> None:
    """Django's middleware reads the secret before the person is known, so the request has it already."""
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = middleware
    site = Site(mode)
    ory.login(site)
    first = site.get(view).content.decode()
    same = site.get(view).content.decode()
    ory.login(site)

    second = site.get(view).content.decode()

    assert _does_token_match(same, _unmask_cipher_token(first))
    assert not _does_token_match(second, _unmask_cipher_token(first))


@pytest.mark.parametrize("middleware", [[SESSIONS, CSRF, OURS], [SESSIONS, CSRF, SESSIONS, OURS]])
def test_form_after_a_token_that_was_given_out_too_early_can_be_sent(
    mode: str, ory: FakeOry, engine: str, settings: Any, middleware: list[str]
) -> None:
    """Django's middleware had promised to write a secret that was gone: ``KeyError: 'CSRF_COOKIE'``."""
    settings.CSRF_USE_SESSIONS = True
    settings.MIDDLEWARE = middleware
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)
    first = site.get("form_then_form").content.decode()
    ory.login(site)

    if len(middleware) > 3:
        # Only Django's middleware loads the inner session, once the page is made: the next one has a token of its own.
        assert site.get("form_then_form").status_code == 200
    second = site.get("form_then_form").content.decode()

    assert site.post("who", {"csrfmiddlewaretoken": first}).status_code == 403
    assert site.post("who", {"csrfmiddlewaretoken": second}).status_code == 200


def test_person_who_is_asked_for_twice_in_a_request_leaves_the_session_alone(
    site: Site, ory: FakeOry, plain: None, settings: Any
) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    ory.login(site)
    site.get("who_then_write?cart=first")
    plain_sessions.ASKED.clear()
    site.get("who_twice")

    assert plain_sessions.ASKED == []


def test_person_whose_session_turns_out_to_have_ended_is_nobody_to_the_django_session(
    site: Site, ory: FakeOry, plain: None, settings: Any, switched: list[Any]
) -> None:
    settings.ORY_MFA_CACHE_TTL = 60
    session = ory.login(site)
    site.get("who")
    site.get("write?cart=of+nobody")
    session.revoke()

    assert data_of(site.get("who_then_nobody_then_read")) == {"cart": "of nobody"}
    assert MARK not in next(iter(plain_sessions.STORED.values()))
    assert switched == []


def test_key_is_told_to_a_visitor_without_a_known_person_as_by_django(ory: FakeOry, plain: None) -> None:
    site = Site("sync")
    site.get("write?cart=of+nobody")
    plain_sessions.ASKED.clear()
    site.get("basket")

    assert plain_sessions.ASKED == []


def test_new_session_has_its_owner_from_the_start(site: Site, ory: FakeOry, plain: None) -> None:
    ory.login(site)
    site.get("create_and_fail")

    assert [list(data) for data in plain_sessions.STORED.values()] == [[MARK]]
    assert plain_sessions.ASKED == ["save"]


def test_session_that_is_saved_with_every_request_is_emptied(
    site: Site, ory: FakeOry, engine: str, settings: Any, switched: list[Any]
) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    settings.SESSION_SAVE_EVERY_REQUEST = True
    ory.login(site)

    assert site.get("who").status_code == 200
    assert data_of(site.get("read")) == {}
    assert len(switched) == 1


def test_session_middleware_inside_ours_is_as_good(
    site: Site, ory: FakeOry, engine: str, settings: Any, switched: list[Any]
) -> None:
    settings.MIDDLEWARE = [OURS, SESSIONS]
    ory.login(site)
    site.get("who_then_write?cart=first")
    assert data_of(site.get("guarded")) == {"cart": "first"}
    ory.login(site)

    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


@sync_and_async_middleware
def between(get_response: Any) -> Any:
    """A middleware of the site between ours and that of the sessions, which makes the person known."""

    def look(request: Any) -> Any:
        assert request.ory_session.state
        return get_response(request)

    async def alook(request: Any) -> Any:
        assert (await request.aory_session()).state
        return await get_response(request)

    return alook if iscoroutinefunction(get_response) else look


@pytest.mark.parametrize("view", ["guarded", "read"])
def test_session_that_comes_after_the_person_is_known_is_looked_after(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any], view: str
) -> None:
    settings.MIDDLEWARE = [OURS, f"{__name__}.between", SESSIONS]
    ory.login(site)
    site.get("guarded-write?cart=first")
    assert data_of(site.get("read")) == {"cart": "first"}
    ory.login(site)

    assert data_of(site.get(view)) == {}
    assert len(switched) == 1


class Early:
    """A middleware of the site that looks at the session before anything makes the person known."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.session.get("language")
        return self.get_response(request)


@pytest.mark.parametrize(("user", "status"), [("1", 200), ("2", 302)])
def test_page_is_made_again_only_where_the_session_of_another_django_user_was_read_before(
    site: Site, ory: FakeOry, engine: str, settings: Any, user: str, status: int
) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.maps_to_user_one", f"{__name__}.Early", OURS]
    site.get(f"write?_auth_user_id={user}")
    ory.login(site)

    assert site.get("guarded").status_code == status
    assert data_of(site.get("guarded")) == ({"_auth_user_id": "1"} if user == "1" else {})


def test_session_that_was_read_before_is_emptied_before_the_view(
    site: Site, ory: FakeOry, engine: str, settings: Any, switched: list[Any]
) -> None:
    settings.MIDDLEWARE = [SESSIONS, f"{__name__}.Early", OURS]
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)

    assert data_of(site.get("guarded", follow=True)) == {}
    assert len(switched) == 1


def test_site_without_sessions_needs_none(site: Site, ory: FakeOry, settings: Any, switched: list[Any]) -> None:
    settings.MIDDLEWARE = [OURS]
    ory.login(site)

    assert site.get("who").content == b"active"
    assert switched == []


def test_session_of_another_kind_is_left_as_it_is(ory: FakeOry, settings: Any) -> None:
    """As tests put a dict there, or a site that does without Django's."""
    from django_ory_mfa.middleware import OrySessionMiddleware

    session = ory.login(SimpleNamespace(cookies={}))
    request: Any = RequestFactory(headers={"Cookie": f"{ory.cookie_name}={session.cookie}"}).get("/")
    request.session = {"cart": 1}

    OrySessionMiddleware(who)(request)

    assert request.session == {"cart": 1}


# Signals


def test_receiver_of_the_signal_may_use_the_session(site: Site, ory: FakeOry, engine: str) -> None:
    seen: list[Any] = []

    def greet(sender: Any, request: Any, **named: Any) -> None:
        seen.append(dict(request.session.items()))
        request.session["greeted"] = True

    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    identity_switched.connect(greet)
    try:
        data = data_of(site.get("guarded"))
    finally:
        identity_switched.disconnect(greet)

    assert (seen, data) == ([{}], {"greeted": True})
    assert data_of(site.get("guarded")) == {"greeted": True}


@pytest.mark.parametrize("view", ["guarded", "read_then_who_then_read"])
def test_coroutine_receives_the_signal_too(site: Site, ory: FakeOry, engine: str, view: str) -> None:
    seen: list[Any] = []

    async def hear(sender: Any, request: Any, **named: Any) -> None:
        await asyncio.sleep(0)
        seen.append(dict(await request.session.aitems()))

    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    identity_switched.connect(hear)
    try:
        assert data_of(site.get(view)) == {}
    finally:
        identity_switched.disconnect(hear)

    assert seen == [{}]


@pytest.mark.parametrize("engine", ["cache", "signed_cookies", "file"], indirect=True)
def test_blocking_access_in_an_event_loop_is_safe_and_told(ory: FakeOry, engine: str) -> None:
    """Nothing may block there, and a receiver may be a coroutine: it hears of it a moment later."""
    seen: list[str] = []

    async def hear(sender: Any, session: Any, **named: Any) -> None:
        seen.append(session.identity.id)

    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    second = ory.login(site)
    identity_switched.connect(hear)
    try:
        data = data_of(site.get("blocking-read"))
        settle()
    finally:
        identity_switched.disconnect(hear)

    assert (data, seen) == ({}, [second.identity.id])


def test_receiver_that_waits_in_an_event_loop_is_not_lost(ory: FakeOry, plain: None) -> None:
    """The event loop keeps only weak references to its tasks."""
    seen: list[Any] = []

    async def hear(sender: Any, **named: Any) -> None:
        waiting = asyncio.get_running_loop().create_future()
        seen.extend([weakref.ref(waiting), weakref.WeakSet(asyncio.all_tasks())])
        await waiting
        seen.append("told")

    async def go_on() -> None:
        gc.collect()
        seen[0]().set_result(None)

    async def end() -> None:
        await asyncio.sleep(0)

    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    identity_switched.connect(hear)
    try:
        site.get("blocking-read")
        while not seen:
            LOOP.run(end())
        LOOP.run(go_on())
        settle()
    finally:
        identity_switched.disconnect(hear)
    LOOP.run(end())
    gc.collect()

    assert seen[2:] == ["told"]
    assert list(seen[1]) == []


def test_receiver_that_fails_changes_nothing(site: Site, ory: FakeOry, engine: str) -> None:
    def fail(sender: Any, **named: Any) -> None:
        raise RuntimeError("no")

    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)
    identity_switched.connect(fail)
    try:
        assert data_of(site.get("guarded")) == {}
    finally:
        identity_switched.disconnect(fail)


# The name of the person


def test_mark_does_not_name_the_person(site: Site, ory: FakeOry, plain: None) -> None:
    session = ory.login(site, email="ann@example.test")
    site.get("who_then_write?cart=first")

    [data] = plain_sessions.STORED.values()

    assert set(data) == {MARK, "cart"}
    assert session.identity.id not in json.dumps(data)
    assert session.cookie not in json.dumps(data)
    assert "ann" not in json.dumps(data)


@pytest.mark.parametrize("mark", ["", "x", None, 1, ["x"], {}], ids=repr)
def test_mark_that_nobody_can_have_is_somebody_elses(
    site: Site, ory: FakeOry, plain: None, switched: list[Any], mark: Any
) -> None:
    plain_sessions.STORED["k" * 32] = {MARK: mark, "cart": "?"}
    site.set_cookie(COOKIE, "k" * 32)
    ory.login(site)

    assert data_of(site.get("guarded")) == {}
    assert len(switched) == 1


def test_same_project_under_another_url_knows_its_people(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any]
) -> None:
    """As after the move to a custom domain; Ory chooses the ids of identities, and no two people have the same."""
    first = ory.login(site)
    site.get("who_then_write?cart=first")
    settings.ORY_MFA_SDK_URL = ory.public_url = "https://auth.example.com"
    from django_ory_mfa.testing import installed

    with installed(ory):
        back_as(ory, site, first)
        assert data_of(site.get("guarded")) == {"cart": "first"}
        assert switched == []
        ory.login(site)
        assert data_of(site.get("guarded")) == {}


def test_secret_key_that_is_replaced_in_steps_keeps_the_owner(
    site: Site, ory: FakeOry, settings: Any, switched: list[Any]
) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    key = site.cookies[COOKIE].value
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert data_of(site.get("guarded")) == {"cart": "first"}
    assert site.cookies[COOKIE].value == key
    settings.SECRET_KEY_FALLBACKS = []

    assert data_of(site.get("guarded")) == {"cart": "first"}
    assert switched == []
    ory.login(site)
    assert data_of(site.get("guarded")) == {}


def test_secret_key_that_is_replaced_at_once_empties_it(site: Site, ory: FakeOry, settings: Any) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")
    settings.SECRET_KEY = "new"

    assert data_of(site.get("guarded")) == {}


# At the same time


@pytest.fixture
def together(settings: Any) -> Any:
    """Two requests to one view that load the Django session at the same time, and their responses."""
    settings.SESSION_ENGINE = "tests.backends.meeting_sessions"

    def send(site: Site, target: str) -> list[Any]:
        async def both() -> list[Any]:
            meeting_sessions.SessionStore.meeting = asyncio.Barrier(2)
            return await asyncio.gather(*(site.client.get(f"/async/{target}") for _ in range(2)))

        return LOOP.run(both())

    return send


def test_requests_at_the_same_time_both_find_it_empty(
    ory: FakeOry, plain: None, together: Any, switched: list[Any]
) -> None:
    site = Site("async")
    ory.login(site)
    site.get("who_then_write?cart=first")
    ory.login(site)

    assert [data_of(response) for response in together(site, "guarded")] == [{}, {}]
    assert len(switched) == 2
    assert plain_sessions.STORED == {}


def test_requests_at_the_same_time_both_take_over_what_was_nobodys(
    ory: FakeOry, plain: None, together: Any, switched: list[Any], settings: Any
) -> None:
    """Neither ends the session that the other one loaded, which Django would answer with 400."""
    settings.SESSION_ENGINE = "tests.backends.plain_sessions"
    site = Site("async")
    site.get("write?cart=of+nobody")
    ory.login(site)
    settings.SESSION_ENGINE = "tests.backends.meeting_sessions"

    assert [data_of(response) for response in together(site, "guarded")] == [{"cart": "of nobody"}] * 2
    settings.SESSION_ENGINE = "tests.backends.plain_sessions"
    assert data_of(site.get("guarded")) == {"cart": "of nobody"}
    assert switched == []


# Sign-out


def test_sign_out_ends_it(site: Site, ory: FakeOry, engine: str) -> None:
    ory.login(site)
    site.get("who_then_write?cart=first")

    response = site.post(f"{SETTINGS_PAGE}logout/")

    assert response.cookies[COOKIE]["max-age"] == 0
    sign_out_of_ory(ory, site)
    assert data_of(site.get("read")) == {}
