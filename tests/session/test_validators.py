"""An ETag that one person got is worth nothing to the next one at the same browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.utils.decorators import async_only_middleware
from django.views.decorators.http import condition, etag, last_modified

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.session.validators import MARK
from django_ory_mfa.testing import FakeOry
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)

GUARD = aal_required("aal1")
DATE = "Tue, 01 Jan 2019 00:00:00 GMT"
OURS = "django_ory_mfa.middleware.OrySessionMiddleware"
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"


def version(request: Any, **parameters: Any) -> str:
    return f'{request.headers.get("X-Weak", "")}"{request.GET.get("version", "v1")}"'


def changed(request: Any) -> Any:
    return datetime(2019, 1, 1, tzinfo=UTC)


def who(request: Any) -> str:
    identity = request.ory_session.identity
    return identity.id if identity else "nobody"


def reading(request: Any) -> HttpResponse:
    return HttpResponse(who(request))


async def areading(request: Any) -> HttpResponse:
    await request.aory_session()
    return reading(request)


def public(request: Any) -> HttpResponse:
    return HttpResponse("the same for all")


async def apublic(request: Any) -> HttpResponse:
    return public(request)


def versioned(request: Any) -> HttpResponse:
    response = reading(request)
    response.headers["ETag"] = version(request)
    return response


async def aversioned(request: Any) -> HttpResponse:
    await request.aory_session()
    return versioned(request)


def by_hand(request: Any) -> HttpResponse:
    """A view that looks at the headers itself, as Django's documentation names them."""
    if request.headers.get("If-None-Match") == request.GET["version"]:
        return HttpResponse(status=304, headers={"ETag": request.GET["version"]})
    if request.headers.get("If-Match", "*") not in ("*", request.GET["version"]):
        return HttpResponse(status=412)
    return HttpResponse(who(request), headers={"ETag": request.GET["version"], "Last-Modified": DATE})


async def aby_hand(request: Any) -> HttpResponse:
    await request.aory_session()
    return by_hand(request)


def late(request: Any) -> StreamingHttpResponse:
    headers = {"Cache-Control": "public, max-age=60", "ETag": '"v1"'}
    return StreamingHttpResponse((who(request) for _ in "x"), headers=headers)


async def alate(request: Any) -> StreamingHttpResponse:
    async def content() -> Any:
        yield (await request.aory_session()).identity.id

    return StreamingHttpResponse(content(), headers={"Cache-Control": "public, max-age=60", "ETag": '"v1"'})


def quiet(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(who(request) for _ in "x")


async def aquiet(request: Any) -> StreamingHttpResponse:
    async def content() -> Any:
        session = await request.aory_session()
        yield session.identity.id if session.identity else "nobody"

    return StreamingHttpResponse(content())


def pages(reading: Any, versioned: Any, by_hand: Any, public: Any, late: Any, quiet: Any) -> list[Any]:
    both = condition(version, changed)
    return [
        path("below", GUARD(etag(version)(reading))),
        path("above", etag(version)(GUARD(reading))),
        path("unguarded", etag(version)(reading)),
        path("both", GUARD(both(reading))),
        path("dated", GUARD(last_modified(changed)(reading))),
        path("plain", GUARD(reading)),
        path("versioned", GUARD(versioned)),
        path("by_hand", by_hand),
        path("guarded_by_hand", GUARD(by_hand)),
        path("late_without_headers", etag(version)(quiet)),
        path("public", etag(version)(public)),
        path("late", late),
    ]


urlpatterns = [
    path("sync/", include(pages(reading, versioned, by_hand, public, late, quiet))),
    path("async/", include(pages(areading, aversioned, aby_hand, apublic, alate, aquiet))),
]


@pytest.fixture
def other(mode: str, ory: FakeOry) -> Site:
    """The next person at the same browser, which still has what it kept."""
    site = Site(mode)
    ory.login(site, email="other@example.com")
    return site


def ask(site: Site, url: str, first: Any, **headers: str) -> Any:
    """GET as a browser that kept the response ``first``."""
    kept = {"If-None-Match": first.headers["ETag"]}
    if "Last-Modified" in first.headers:
        kept["If-Modified-Since"] = first.headers["Last-Modified"]
    return site.get(url, headers=kept | headers)


@pytest.mark.parametrize("url", ["below", "above", "unguarded", "both"])
def test_etag_of_one_person_is_not_taken_from_another(site: Site, other: Site, ory: FakeOry, url: str) -> None:
    mine = ory.login(site)
    first = site.get(url)
    assert mine.identity.id in first.text

    again, theirs = ask(site, url, first), ask(other, url, first)

    assert again.status_code == 304
    assert again.headers["ETag"] == first.headers["ETag"]
    assert theirs.status_code == 200
    assert mine.identity.id not in theirs.text
    assert theirs.headers["ETag"] != first.headers["ETag"]


def test_etag_of_a_person_is_not_taken_after_sign_out(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    first = site.get("unguarded")
    site.cookies.clear()

    then = ask(site, "unguarded", first)

    assert (then.status_code, then.text) == (200, "nobody")
    assert ask(site, "unguarded", then).status_code == 304
    ory.login(site)
    assert ask(site, "unguarded", then).status_code == 200


def test_of_several_etags_the_own_one_counts(site: Site, other: Site, ory: FakeOry) -> None:
    ory.login(site)
    mine, theirs = site.get("below").headers["ETag"], other.get("below").headers["ETag"]

    for tags in (f"{theirs}, {mine}", f"{mine},{theirs}"):
        answer = site.get("below", headers={"If-None-Match": tags})

        assert (answer.status_code, answer.headers["ETag"]) == (304, mine)


def test_all_own_versions_and_those_of_the_site_count(site: Site, other: Site, ory: FakeOry) -> None:
    ory.login(site)
    theirs = other.get("below?version=v2").headers["ETag"]
    tags = [site.get(f"below?version={version}").headers["ETag"] for version in ("v0", "v1")]

    assert site.get("below", headers={"If-None-Match": ", ".join([*tags, theirs])}).status_code == 304
    assert site.get("below?version=v2", headers={"If-None-Match": ", ".join([*tags, theirs])}).status_code == 200
    assert site.get("public", headers={"If-None-Match": f'"v1", {theirs}'}).status_code == 304


def test_new_version_is_sent(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    first = site.get("below")

    assert ask(site, "below?version=v2", first).status_code == 200


def test_weak_etag_stays_weak(site: Site, other: Site, ory: FakeOry) -> None:
    ory.login(site)
    first = site.get("below", headers={"X-Weak": "W/"})
    assert first.headers["ETag"].startswith('W/"v1')

    assert ask(site, "below", first, **{"X-Weak": "W/"}).status_code == 304
    assert ask(other, "below", first, **{"X-Weak": "W/"}).status_code == 200


def test_page_without_session_keeps_its_etag(site: Site, other: Site, ory: FakeOry) -> None:
    ory.login(site)
    first = site.get("public")

    assert first.headers["ETag"] == '"v1"'
    assert ask(other, "public", first).status_code == 304


@pytest.mark.parametrize("tags", ["*", '"v1"', 'W/"v0", "v1"', "v1", '"~ory', '~ory-, "v1'])
def test_other_etags_are_passed_on(site: Site, tags: str) -> None:
    answer = site.get("public", headers={"If-None-Match": tags})

    assert answer.status_code in (200, 304)
    assert answer.headers["ETag"].startswith('"v1')


def test_stream_that_reads_late_is_bound(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.get("late").headers["ETag"] != '"v1"'


@pytest.mark.parametrize("who_changed", ["the same", "another"])
def test_change_of_what_was_read_does_not_depend_on_who_read_it(
    site: Site, other: Site, ory: FakeOry, who_changed: str
) -> None:
    ory.login(site)
    tag, then = site.get("below").headers["ETag"], site if who_changed == "the same" else other

    for name, allowed in (("If-Match", 200), ("If-None-Match", 412)):
        # The version that was read, and one that was changed meanwhile.
        assert then.post("below", headers={name: tag}).status_code == allowed
        assert then.post("below?version=v2", headers={name: tag}).status_code == 612 - allowed


@pytest.mark.parametrize("at", [0, 1], ids=["outside", "inside"])
def test_middleware_of_conditional_requests_has_the_same_etags(
    site: Site, other: Site, ory: FakeOry, settings: Any, at: int
) -> None:
    others = [name for name in settings.MIDDLEWARE if name != OURS]
    settings.MIDDLEWARE = [*others, *([CONDITIONAL, OURS] if at == 0 else [OURS, CONDITIONAL])]
    mine = ory.login(site)

    for url in ("plain", "below", "versioned"):
        first = site.get(url)
        again, theirs = ask(site, url, first), ask(other, url, first)

        assert (again.status_code, theirs.status_code) == (304, 200)
        assert mine.identity.id not in theirs.text


def test_page_changed_by_a_middleware_that_reads_the_session_later(
    site: Site, other: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{'reader' if site.mode == 'sync' else 'areader'}", *settings.MIDDLEWARE]
    ory.login(site)
    first = site.get("public")

    assert first.headers["ETag"] != '"v1"'
    assert ask(other, "public", first).status_code == 200
    assert ask(site, "public", first).headers["ETag"] == first.headers["ETag"]


def reader(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        response = get_response(request)
        response.headers["X-Who"] = who(request)
        return response

    return middleware


@async_only_middleware
def areader(get_response: Any) -> Any:
    async def middleware(request: Any) -> Any:
        response = await get_response(request)
        response.headers["X-Who"] = (await request.aory_session()).identity.id
        return response

    return middleware


@pytest.mark.parametrize("url", ["by_hand", "guarded_by_hand"])
@pytest.mark.parametrize("version", ["v1", '"a,b"', '"v1'])
def test_what_is_no_etag_is_not_sent(site: Site, ory: FakeOry, url: str, version: str) -> None:
    # It could not be bound, and a view or a cache may take it for the same page.
    ory.login(site)

    assert "ETag" not in site.get(f"{url}?version={version}").headers


def test_headers_that_were_read_before_are_those_of_the_site(
    site: Site, other: Site, ory: FakeOry, settings: Any
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{'early' if site.mode == 'sync' else 'aearly'}", *settings.MIDDLEWARE]
    ory.login(site)
    url = 'guarded_by_hand?version="v1"'
    first = site.get(url)

    assert site.post(url, headers={"If-Match": first.headers["ETag"]}).status_code == 200
    again = ask(site, url, first)
    assert again.status_code == 304
    assert again.headers["X-Came"] == first.headers["ETag"]
    assert ask(other, url, first).status_code == 200


def test_stream_of_a_visitor_without_session_is_not_taken_after_sign_in(site: Site, ory: FakeOry) -> None:
    first = site.get("late_without_headers")
    assert "private" not in first.headers.get("Cache-Control", "")

    ory.login(site)

    assert ask(site, "late_without_headers", first).status_code == 200


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_any_number_of_marks_is_read_in_one_go(site: Site, name: str) -> None:
    # Read once for each mark they would take a minute, in the event loop.
    for end in ("", '"'):
        answer = site.get("public", headers={name: MARK * 60_000 + end})

        assert answer.status_code in (200, 412)


def early(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        assert "If-Range" not in request.headers
        response = get_response(request)
        response.headers["X-Came"] = request.headers.get("If-None-Match", "")
        return response

    return middleware


@async_only_middleware
def aearly(get_response: Any) -> Any:
    async def middleware(request: Any) -> Any:
        assert "If-Range" not in request.headers
        response = await get_response(request)
        response.headers["X-Came"] = request.headers.get("If-None-Match", "")
        return response

    return middleware
