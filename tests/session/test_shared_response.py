"""A view may return one response object to everybody; no visitor gets the cookies of another with it."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.testing import FakeOry
from tests.policy_middleware import finishing
from tests.site import Site

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
# A response that cannot be copied.
Odd: Any = type("Odd", (HttpResponse, dict), {"__hash__": object.__hash__})
SHARED: dict[str, Any] = {}


class Reserved(HttpResponse):
    """It has a slot of its own."""

    __slots__ = ("__mine",)

    @property
    def mine(self) -> str:
        return self.__mine

    @mine.setter
    def mine(self, value: str) -> None:
        self.__mine = value


class Derived(SessionMiddleware):
    """It ignores what Django's method returns."""

    def process_response(self, request: Any, response: Any) -> Any:
        super().process_response(request, response)
        return response


@sync_and_async_middleware
def looking_later(get_response: Any) -> Any:
    """A middleware outside ours that looks at both sessions when the response is there."""

    async def amiddleware(request: Any) -> Any:
        response = await get_response(request)
        await request.aory_session()
        await request.session.aget("cart")
        return response

    def middleware(request: Any) -> Any:
        response = get_response(request)
        assert request.ory_session.state
        request.session.get("cart")
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware


@sync_and_async_middleware
def looking_at_the_cart(get_response: Any) -> Any:
    """A middleware outside ours that looks at Django's session when the response is there."""

    async def amiddleware(request: Any) -> Any:
        response = await get_response(request)
        await request.session.aget("cart")
        return response

    def middleware(request: Any) -> Any:
        response = get_response(request)
        request.session.get("cart")
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware


# A middleware outside ours that answers everybody alike.
saying_sorry = finishing(lambda request, response: SHARED["one"] if request.path.endswith("/note") else response)


def fill(request: Any) -> HttpResponse:
    request.session["cart"] = "roses"
    return HttpResponse("filled")


async def afill(request: Any) -> HttpResponse:
    await request.session.aset("cart", "roses")
    return HttpResponse("filled")


def note(request: Any) -> Any:
    assert request.ory_session.state
    request.session.get("cart")
    return SHARED["one"]


async def anote(request: Any) -> Any:
    await request.aory_session()
    await request.session.aget("cart")
    return SHARED["one"]


def plain(request: Any) -> Any:
    return SHARED["one"]


async def aplain(request: Any) -> Any:
    return SHARED["one"]


def templated(request: Any) -> Any:
    note(request)
    return TemplateResponse(request, engines["django"].from_string("shown"))


async def atemplated(request: Any) -> Any:
    await anote(request)
    return TemplateResponse(request, engines["django"].from_string("shown"))


def token(request: Any) -> Any:
    assert request.ory_session.state
    get_token(request)
    return SHARED["one"]


async def atoken(request: Any) -> Any:
    await request.aory_session()
    get_token(request)
    return SHARED["one"]


def form(request: Any) -> HttpResponse:
    return HttpResponse(get_token(request))


async def aform(request: Any) -> HttpResponse:
    return form(request)


urlpatterns = [
    path("sync/fill", fill),
    path("async/fill", afill),
    path("sync/note", note),
    path("async/note", anote),
    path("sync/guarded", aal_required("aal1")(note)),
    path("async/guarded", aal_required("aal1")(anote)),
    path("sync/guarded/plain", aal_required("aal1")(plain)),
    path("async/guarded/plain", aal_required("aal1")(aplain)),
    path("sync/plain", csrf_exempt(plain)),
    path("async/plain", csrf_exempt(aplain)),
    path("sync/protected", csrf_protect(note)),
    path("async/protected", csrf_protect(anote)),
    path("sync/protected/template", csrf_protect(templated)),
    path("async/protected/template", csrf_protect(atemplated)),
    path("sync/token", token),
    path("async/token", atoken),
    path("sync/form", form),
    path("async/form", aform),
]


@pytest.fixture(autouse=True)
def shop(settings: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.MIDDLEWARE = [SESSIONS, SESSION]
    SHARED["one"] = HttpResponse("ok", headers={"X-Kept": "yes"})
    SHARED["one"].set_cookie("colour", "blue")
    return settings


@pytest.fixture(params=["nobody", "somebody"])
def other(request: pytest.FixtureRequest, site: Site, ory: FakeOry) -> Site:
    """The next visitor, in a browser of their own."""
    visitor = Site(site.mode)
    if request.param == "somebody":
        ory.login(visitor)
    return visitor


def buyer(site: Site, ory: FakeOry) -> Site:
    site.get("fill")
    ory.login(site)
    return site


def names(response: Any) -> set[str]:
    return set(response.cookies)


@pytest.mark.parametrize("page", ["note", "guarded"])
@pytest.mark.parametrize("next_page", ["note", "plain", "guarded/plain"])
def test_session_that_was_marked_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, page: str, next_page: str
) -> None:
    first = buyer(site, ory).get(page)

    second = other.get(next_page)

    assert (names(first), first.content, first["X-Kept"]) == ({"colour", "sessionid"}, b"ok", "yes")
    assert "sessionid" not in names(second)
    assert "sessionid" not in other.cookies


@pytest.mark.parametrize("late", [f"{__name__}.looking_later", f"{__name__}.looking_at_the_cart"])
@pytest.mark.parametrize("page", ["plain", "guarded/plain"])
def test_session_that_a_middleware_outside_reads_late_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, shop: Any, late: str, page: str
) -> None:
    shop.MIDDLEWARE = [SESSIONS, late, SESSION]

    buyer(site, ory).get(page)

    assert "sessionid" not in names(other.get("plain"))


@pytest.mark.parametrize("page", ["note", "guarded"])
def test_cookie_that_the_response_deletes_anyway_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, page: str
) -> None:
    SHARED["one"].delete_cookie("sessionid")
    buyer(site, ory).get(page)

    assert other.get("plain").cookies["sessionid"].value == ""


def test_response_of_a_middleware_outside_is_shared_without_cookies(
    ory: FakeOry, site: Site, other: Site, shop: Any
) -> None:
    shop.MIDDLEWARE = [SESSIONS, f"{__name__}.saying_sorry", SESSION]

    first = names(buyer(site, ory).get("note"))

    assert (first, names(other.get("plain"))) == ({"colour", "sessionid"}, {"colour"})


def test_end_of_a_session_ends_that_of_nobody_else(ory: FakeOry, site: Site, other: Site) -> None:
    buyer(site, ory).get("note")
    ory.login(site)
    site.get("note")

    assert "sessionid" not in names(other.get("plain"))


def test_what_is_made_of_the_response_to_one_visitor_is_not_that_of_the_next(
    ory: FakeOry, site: Site, other: Site, shop: Any
) -> None:
    shop.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", SESSIONS, SESSION]
    SHARED["one"] = HttpResponse("<p>hello</p>" * 200)
    packed = buyer(site, ory).get("note", headers={"Accept-Encoding": "gzip"})

    shown = other.get("plain")

    assert (packed["Content-Encoding"], len(packed.content) < 1_000) == ("gzip", True)
    assert ("Content-Encoding" in shown, shown.content) == (False, b"<p>hello</p>" * 200)


def test_copy_has_the_cookies_as_they_were_set(ory: FakeOry, site: Site) -> None:
    SHARED["one"].set_cookie("colour", "blue", max_age=60, path="/shop", samesite="Lax")

    cookie = buyer(site, ory).get("note").cookies["colour"]

    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("blue", 60, "/shop", "Lax")


@pytest.mark.parametrize("page", ["protected", "protected/template"])
def test_secret_that_a_decorator_of_the_view_sends_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, shop: Any, page: str
) -> None:
    shop.MIDDLEWARE = [SESSIONS, SESSION]
    buyer(site, ory).get("guarded")
    ory.login(site)

    switched = names(site.get(page))

    assert ("csrftoken" in switched, "csrftoken" in names(other.get("plain"))) == (True, False)


def test_secret_against_csrf_that_a_form_needs_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, shop: Any
) -> None:
    shop.MIDDLEWARE = [CSRF, SESSION]
    ory.login(site)

    first = names(site.get("token"))

    assert ("csrftoken" in first, "csrftoken" in names(other.get("plain"))) == (True, False)


def test_return_from_ory_ends_the_hops_of_nobody_else(ory: FakeOry, site: Site, other: Site) -> None:
    assert "ory_mfa_hops" in names(site.get("guarded/plain"))
    ory.login(site)

    returned = site.get("guarded/plain")

    assert returned.cookies["ory_mfa_hops"].value == ""
    assert "ory_mfa_hops" not in names(other.get("plain"))


def test_derived_middleware_may_keep_the_response_that_it_was_given(ory: FakeOry, site: Site, shop: Any) -> None:
    shop.MIDDLEWARE = [f"{__name__}.Derived", f"{__name__}.looking_later", SESSION]

    assert "sessionid" in names(buyer(site, ory).get("plain"))


def test_session_that_is_over_ends_that_of_nobody_else(ory: FakeOry, site: Site, other: Site) -> None:
    ory.login(site)
    site.set_cookie("sessionid", "x" * 32)

    ended = site.get("note").cookies["sessionid"].value

    assert (ended, "sessionid" in names(other.get("plain"))) == ("", False)


@pytest.mark.parametrize("engine", ["cache", "signed_cookies"])
def test_session_that_is_saved_with_every_request_is_that_of_one_visitor(
    ory: FakeOry, site: Site, other: Site, shop: Any, engine: str
) -> None:
    shop.SESSION_SAVE_EVERY_REQUEST = True
    shop.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    buyer(site, ory).get("guarded/plain")

    assert "sessionid" not in names(other.get("plain"))


@pytest.mark.parametrize(
    "of_slots",
    [Reserved, *(type("OfSlots", (HttpResponse,), {"__slots__": slots}) for slots in ("mine", ("mine", "unset")))],
)
def test_copy_has_all_attributes(ory: FakeOry, site: Site, of_slots: Any) -> None:
    SHARED["one"] = of_slots("ok")
    SHARED["one"].mine = "kept"

    response = buyer(site, ory).get("note")

    assert (names(response), response.content, response.mine) == ({"sessionid"}, b"ok", "kept")
    assert names(SHARED["one"]) == set()


def test_response_that_cannot_be_copied_is_sent_as_it_is(ory: FakeOry, site: Site) -> None:
    SHARED["one"] = Odd()

    assert names(buyer(site, ory).get("note")) == {"sessionid"}


@pytest.mark.parametrize("inner", [[SESSIONS], [f"{__name__}.saying_sorry", SESSIONS]], ids=["view", "middleware"])
def test_secret_against_csrf_of_the_next_person_is_theirs(
    ory: FakeOry, site: Site, shop: Any, inner: list[str]
) -> None:
    shop.MIDDLEWARE = [CSRF, *inner, SESSION]
    buyer(site, ory).get("guarded")
    site.get("form")
    ory.login(site)
    switched, other = site.get("note"), Site(site.mode)

    assert "csrftoken" in names(switched)
    assert "csrftoken" not in names(other.get("plain"))


def test_response_of_a_request_that_changes_no_session_is_returned_as_it_is(ory: FakeOry, site: Site) -> None:
    ory.login(site)

    assert site.get("guarded/plain") is SHARED["one"]
