"""Pages that depend on a session stay out of caches that several people share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import include, path
from django.views.decorators.cache import cache_control, cache_page, never_cache
from django.views.decorators.vary import vary_on_headers

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal
from django_ory_mfa.session.cache_control import (
    STORE,
    mark_private,
    may_be_stored_and_read_later,
    protect_django_caches,
)
from django_ory_mfa.testing import FakeOry
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

GUARD, AAL1 = aal_required("aal2"), aal_required("aal1")
NOTHING = aal_required(requirement=lambda request: None)
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
UPDATE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH = "django.middleware.cache.FetchFromCacheMiddleware"
VARY = {"Cookie", "Authorization", "X-Session-Token"}


def who(request: Any) -> str:
    identity = request.ory_session.identity
    return identity.id if identity else "nobody"


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def reading(request: Any) -> HttpResponse:
    return HttpResponse(who(request))


async def areading(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(who(request))


def late(request: Any) -> TemplateResponse:
    template = engines["django"].from_string("{{ request.ory_session.identity.id|default:'nobody' }}")
    return TemplateResponse(request, template)


async def alate(request: Any) -> TemplateResponse:
    return late(request)


def inside(request: Any) -> HttpResponse:
    return HttpResponse(require_aal(request, "aal2").identity.id)  # type: ignore[union-attr]


async def ainside(request: Any) -> HttpResponse:
    return HttpResponse((await arequire_aal(request, "aal2")).identity.id)  # type: ignore[union-attr]


def streamed(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse([who(request)])


async def astreamed(request: Any) -> StreamingHttpResponse:
    async def parts() -> Any:
        yield who(request)

    return StreamingHttpResponse(parts())


def spelling(view: Any, read: Any, template: Any, inner: Any, stream: Any) -> list[Any]:
    return [
        path("public", view),
        path("guarded", GUARD(read)),
        path("nothing", NOTHING(view)),
        path("reading", read),
        path("late", template),
        path("guarded-late", GUARD(template)),
        path("streamed", GUARD(stream)),
        path("inside", inner),
        path("nested", AAL1(GUARD(read))),
        path("noted", noted(GUARD(view))),
        path("public-header", GUARD(cache_control(public=True, max_age=60)(read))),
        path("capital-header", GUARD(headed("PUBLIC, max-age=60")(read))),
        path("private-header", GUARD(cache_control(private=True, max_age=60)(read))),
        path("no-store", GUARD(headed("no-store")(read))),
        path("never-cache", GUARD(never_cache(read))),
        path("vary", GUARD(vary_on_headers("Accept-Language", "cookie")(read))),
        path("vary-all", GUARD(vary_on_headers("*")(read))),
        path("reading-public", cache_control(public=True, max_age=60)(read)),
    ]


def headed(value: str) -> Any:
    """Sets Cache-Control as a view by hand."""

    def decorator(view: Any) -> Any:
        async def aheaded(request: Any) -> HttpResponse:
            response: HttpResponse = await view(request)
            response.headers["Cache-Control"] = value
            return response

        def sheaded(request: Any) -> HttpResponse:
            response: HttpResponse = view(request)
            response.headers["Cache-Control"] = value
            return response

        return aheaded if iscoroutinefunction(view) else sheaded

    return decorator


def noted(view: Any) -> Any:
    """A decorator of the site, such as a cache of its own, that looks at the headers of what it gets."""

    def noting(response: HttpResponse) -> HttpResponse:
        response.headers["X-Seen"] = response.headers.get("Cache-Control", "") + "; " + response.headers.get("Vary", "")
        return response

    async def anoted(request: Any) -> HttpResponse:
        return noting(await view(request))

    def snoted(request: Any) -> HttpResponse:
        return noting(view(request))

    return anoted if iscoroutinefunction(view) else snoted


# Django's @cache_page takes sync views only, which an async site may have, too.
CACHED = [
    path("inner", GUARD(cache_page(60)(reading))),
    path("inner-late", GUARD(cache_page(60)(late))),
    path("inner-nested", AAL1(GUARD(cache_page(60)(reading)))),
    path("inner-nothing", NOTHING(cache_page(60)(page))),
    path("between", AAL1(cache_page(60)(GUARD(reading)))),
    path("outer", cache_page(60)(GUARD(reading))),
    path("outer-late", cache_page(60)(GUARD(late))),
    path("outer-inside", cache_page(60)(inside)),
    path("outer-reading", cache_page(60)(reading)),
    path("outer-reading-late", cache_page(60)(late)),
    path("outer-public", cache_page(60)(page)),
]
urlpatterns = [
    path("sync/", include(spelling(page, reading, late, inside, streamed))),
    path("async/", include(spelling(apage, areading, alate, ainside, astreamed))),
    path("cached/", include(CACHED)),
    path("account/security/", include("django_ory_mfa.urls")),
]


@pytest.fixture(autouse=True)
def _empty_cache(settings: Any) -> Iterator[None]:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def other(mode: str) -> Site:
    """Somebody else."""
    return Site(mode)


@pytest.fixture
def site_cache(settings: Any) -> None:
    settings.MIDDLEWARE = [UPDATE, *settings.MIDDLEWARE, FETCH]


def directives(response: Any) -> set[str]:
    return {part.strip() for part in response.headers.get("Cache-Control", "").split(",")} - {""}


def vary(response: Any) -> set[str]:
    return {part.strip() for part in response.headers.get("Vary", "").split(",")} - {""}


def body(response: Any) -> str:
    return str(response.content.decode())


# Headers


@pytest.mark.parametrize(
    "view", ["guarded", "reading", "late", "guarded-late", "streamed", "inside", "nested", "nothing"]
)
def test_page_that_depends_on_the_session_is_private(site: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)

    response = site.get(view)

    assert response.status_code == 200
    assert directives(response) == {"private"}
    assert vary(response) >= VARY


def test_page_is_private_as_soon_as_it_leaves_its_guard(site: Site, ory: FakeOry) -> None:
    """Whatever stands between the guard and our middleware may store pages, too."""
    ory.login(site)

    assert site.get("noted").headers["X-Seen"] == "private; Cookie, Authorization, X-Session-Token"


@pytest.mark.parametrize("view", ["reading", "late"])
def test_page_for_nobody_is_private_too(site: Site, ory: FakeOry, view: str) -> None:
    response = site.get(view)

    assert (directives(response), vary(response) >= VARY) == ({"private"}, True)


def test_page_that_does_not_read_the_session_is_untouched(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    response = site.get("public")

    assert ("Cache-Control" in response.headers, vary(response) & VARY) == (False, set())


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("public-header", {"max-age=60", "private"}),
        ("capital-header", {"max-age=60", "private"}),
        ("reading-public", {"max-age=60", "private"}),
        ("private-header", {"max-age=60", "private"}),
        ("no-store", {"no-store"}),
        ("never-cache", {"max-age=0", "no-cache", "no-store", "must-revalidate", "private"}),
    ],
)
def test_cache_control_is_corrected(site: Site, ory: FakeOry, view: str, expected: set[str]) -> None:
    ory.login(site)

    assert directives(site.get(view)) == expected


def test_vary_keeps_what_the_view_says(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    names = {name.lower() for name in vary(site.get("vary"))}

    assert names == {"accept-language", "cookie", "authorization", "x-session-token"}


def test_vary_on_everything_stays(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert vary(site.get("vary-all")) == {"*"}


@pytest.mark.parametrize("view", ["guarded", "inside", "nested"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_refusal_is_not_stored(site: Site, ory: FakeOry, view: str, accept: str) -> None:
    response = site.get(view, headers={"Accept": accept})

    assert directives(response) == {"no-store"}
    assert vary(response) >= VARY


@pytest.mark.parametrize("failure", ["enroll", "unavailable"])
def test_page_that_refuses_is_not_stored(site: Site, ory: FakeOry, failure: str) -> None:
    ory.login(site, aal="aal1")
    if failure == "unavailable":
        ory.fail(503)

    assert directives(site.get("guarded")) == {"no-store"}


# Django's cache of the whole site


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("view", ["guarded", "reading", "late", "guarded-late", "inside", "nested", "reading-public"])
def test_site_cache_serves_nobody_the_page_of_another(site: Site, other: Site, ory: FakeOry, view: str) -> None:
    sessions = ory.login(site), ory.login(other)

    seen = [body(visitor.get(view)) for visitor in (site, other, site)]

    assert seen == [sessions[0].identity.id, sessions[1].identity.id, sessions[0].identity.id]
    assert len(cache._cache) == 0  # type: ignore[attr-defined]


@pytest.mark.usefixtures("site_cache")
@pytest.mark.parametrize("view", ["guarded", "inside", "nested"])
def test_site_cache_opens_no_guard(site: Site, other: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)
    opened = site.get(view)

    refused = other.get(view)

    assert (opened.status_code, refused.status_code) == (200, 302)


@pytest.mark.usefixtures("site_cache")
def test_site_cache_keeps_public_pages(site: Site, ory: FakeOry) -> None:
    site.get("public")

    assert len(cache._cache) > 0  # type: ignore[attr-defined]


@pytest.mark.usefixtures("site_cache")
def test_site_cache_with_a_policy_serves_nobody_the_page_of_another(
    site: Site, other: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], POLICY, FETCH]
    ory.login(site)
    opened = site.get("public")

    refused = other.get("public")

    assert (opened.status_code, refused.status_code) == (200, 302)
    assert directives(opened) == {"private"}
    assert len(cache._cache) == 0  # type: ignore[attr-defined]


# Django's cache of one view


@pytest.mark.parametrize("view", ["inner", "inner-late", "inner-nested"])
def test_cache_inside_a_guard_is_an_error(site: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="cache_page"):
        site.get(f"/cached/{view}")


@pytest.mark.parametrize("view", ["inner", "inner-nested"])
def test_cache_inside_a_guard_is_an_error_with_every_request(site: Site, other: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)
    ory.login(other)
    with pytest.raises(ImproperlyConfigured):
        site.get(f"/cached/{view}")

    with pytest.raises(ImproperlyConfigured):
        other.get(f"/cached/{view}")


def test_cache_that_answers_inside_a_guard_is_an_error(site: Site, other: Site, ory: FakeOry, settings: Any) -> None:
    other.get("/cached/outer-public")
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    later = Site(site.mode)
    ory.login(later)

    with pytest.raises(ImproperlyConfigured):
        later.get("/cached/outer-public")

    assert len(cache._cache) > 0  # type: ignore[attr-defined]


def test_cache_inside_a_guard_is_an_error_for_a_form_too(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    with pytest.raises(ImproperlyConfigured):
        site.post("/cached/inner")


def test_cache_inside_a_guard_that_requires_nothing_is_an_error(site: Site, ory: FakeOry) -> None:
    with pytest.raises(ImproperlyConfigured):
        site.get("/cached/inner-nothing")


def test_cache_inside_a_site_wide_policy_is_an_error(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    ory.login(site)

    with pytest.raises(ImproperlyConfigured, match="cache_page"):
        site.get("/cached/outer-public")


def test_refused_visitor_is_told_nothing_of_the_cache(site: Site, ory: FakeOry) -> None:
    assert site.get("/cached/inner").status_code == 302


@pytest.mark.parametrize("view", ["outer", "outer-late", "between", "outer-inside"])
def test_cache_outside_a_guard_stores_nothing(site: Site, other: Site, ory: FakeOry, view: str) -> None:
    sessions = ory.login(site), ory.login(other)

    seen = [body(visitor.get(f"/cached/{view}")) for visitor in (site, other, site)]

    assert seen == [sessions[0].identity.id, sessions[1].identity.id, sessions[0].identity.id]
    assert len(cache._cache) == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("view", ["outer", "outer-late", "between", "outer-inside"])
def test_cache_outside_a_guard_opens_nothing(site: Site, other: Site, ory: FakeOry, view: str) -> None:
    ory.login(site)
    opened = site.get(f"/cached/{view}")

    refused = other.get(f"/cached/{view}")

    assert (opened.status_code, refused.status_code) == (200, 302)


def test_cache_outside_a_guard_with_a_policy_is_harmless(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]
    session = ory.login(site)

    assert body(site.get("/cached/outer")) == session.identity.id


@pytest.mark.parametrize("view", ["outer-reading", "outer-reading-late"])
def test_cache_of_a_view_that_reads_the_session_serves_nobody_the_page_of_another(
    site: Site, other: Site, ory: FakeOry, view: str
) -> None:
    sessions = ory.login(site), ory.login(other)

    seen = [body(visitor.get(f"/cached/{view}")) for visitor in (site, other)]

    assert seen == [session.identity.id for session in sessions]


def test_cache_of_a_public_view_works(site: Site, other: Site, ory: FakeOry) -> None:
    ory.login(site)
    site.get("/cached/outer-public")

    response = other.get("/cached/outer-public")

    assert (body(response), len(cache._cache) > 0, ory.calls) == ("open sesame", True, [])  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["/account/security/", "/account/security/step-up/"])
def test_pages_of_the_package_are_not_stored(site: Site, ory: FakeOry, url: str) -> None:
    ory.login(site)

    response = site.get(url)

    assert {"private", "no-store"} <= directives(response)


def a_stream() -> HttpResponseBase:
    return StreamingHttpResponse([b"a"])


def a_file() -> HttpResponseBase:
    return FileResponse(BytesIO(b"a"))


def no_file() -> HttpResponseBase:
    return FileResponse([b"a"])


@pytest.mark.parametrize(
    ("make", "said", "expected"),
    [
        (a_stream, "max-age=60", True),
        (a_stream, "PUBLIC", True),
        (a_stream, "private", True),
        (a_stream, "no-cache", True),
        # Neither a lifetime nor a validator: a cache may still keep it by a heuristic of its own.
        (a_stream, "", True),
        (a_stream, "max-age=60, must-understand, no-store", True),
        (a_stream, "no-store", False),
        (a_stream, "No-Store, max-age=0", False),
        (no_file, "public, max-age=60", True),
        (no_file, "", True),
        (a_file, "public, max-age=60", False),
        (HttpResponse, "public, max-age=60", False),
    ],
)
def test_only_a_stream_that_caches_may_store_may_still_be_about_somebody(
    make: Callable[[], HttpResponseBase], said: str, *, expected: bool
) -> None:
    response = make()
    response.headers["Cache-Control"] = said

    assert may_be_stored_and_read_later(response) is expected
    response.close()


@pytest.mark.parametrize("name", ["CDN-Cache-Control", "Surrogate-Control"])
def test_stream_that_only_certain_caches_may_store_may_still_be_about_somebody(name: str) -> None:
    response = StreamingHttpResponse([b"a"], headers={"Cache-Control": "no-store", name: "max-age=60"})

    assert may_be_stored_and_read_later(response)


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        # Caches that understand the status ignore the no-store (RFC 9111, section 5.2.2.3).
        ("public, max-age=60, must-understand, no-store", "max-age=60, must-understand, no-store, private"),
        ("No-Store", "No-Store"),
        ("Private", "Private"),
    ],
)
def test_private_is_said_where_caches_may_store_the_page(said: str, becomes: str) -> None:
    response = HttpResponse(headers={"Cache-Control": said})
    mark_private(HttpRequest(), response)

    assert response["Cache-Control"] == becomes


def test_headers_of_a_plain_page_become_these() -> None:
    response = HttpResponse()
    mark_private(HttpRequest(), response)

    assert (response["Cache-Control"], response["Vary"]) == ("private", "Cookie, Authorization, X-Session-Token")


# Requests that nothing of this package has seen, in a process where Django's caches are protected.


def test_mark_of_djangos_cache_is_kept_while_nobody_is_known() -> None:
    protect_django_caches()
    request: Any = HttpRequest()
    assert not hasattr(request, STORE)

    for mark in (True, False):
        setattr(request, STORE, mark)

        assert getattr(request, STORE) is mark


def test_cache_works_where_our_middleware_is_not() -> None:
    protect_django_caches()

    assert body(cache_page(60)(page)(RequestFactory().get("/"))) == "open sesame"
    assert len(cache._cache) > 0  # type: ignore[attr-defined]


class Eager(UpdateCacheMiddleware):
    """A cache of the site that decides by itself what to store."""

    def _should_update_cache(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        return True


def test_derived_cache_decides_what_to_store_while_nobody_is_known() -> None:
    protect_django_caches()

    Eager(page).process_response(RequestFactory().get("/"), HttpResponse())

    assert len(cache._cache) > 0  # type: ignore[attr-defined]
