"""Which page Ory sends the browser back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.urls import include, path, re_path, register_converter

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.roundtrip.return_to import checked_next
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

pytestmark = pytest.mark.urls(__name__)

HOME = "http://testserver/"


@aal_required("aal2")
def page(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


@aal_required("aal2")
async def apage(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


class Breaking:
    """A converter of the site that fails in its own way."""

    regex = "breaks"

    def to_python(self, value: str) -> int:
        raise LookupError(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Breaking, "breaks_on_the_way")

urlpatterns = [
    path("form/<breaks_on_the_way:n>/", page),
    re_path(r"^sync/", page),
    re_path(r"^async/", apage),
    path("account/security/", include("django_ory_mfa.urls")),
]


class FarMount:
    """The package's own pages below a folder that needs percent codes."""

    urlpatterns = [*urlpatterns[:3], path("sécurité/", include("django_ory_mfa.urls"))]  # noqa: RUF012 - like a module


def return_to(response: Any) -> str:
    """The decoded ``return_to`` of a redirect to Ory."""
    assert response.status_code in (302, 303)
    return parse_qs(urlsplit(location(response)).query, strict_parsing=True)["return_to"][0]


# Safe methods


@pytest.mark.parametrize("method", ["get", "head", "options", "trace"])
def test_safe_request_comes_back_to_its_own_url(site: Site, ory: FakeOry, method: str) -> None:
    response = site.request(method, "page?a=1", headers={"Referer": "http://testserver/elsewhere"})

    assert return_to(response) == f"http://testserver/{site.mode}/page?a=1"


@pytest.mark.parametrize(
    "query",
    [
        "a=1&b=2",
        "a=1&a=2&a",
        "a=%20+%2B%26%3D",
        "a=%c3%bc&b=%C3%BC",
        "a=b=c?d/e:f@g",
        "next=https%3A%2F%2Fevil.test",
        "a=1;b=2",
        "x=%00%0d%0a",
        "a=%",
        "a='!*()~",
        "return_to=x&aal=aal1",
    ],
)
def test_query_is_kept_byte_for_byte(site: Site, ory: FakeOry, query: str) -> None:
    response = site.get(f"page?{query}")

    assert return_to(response) == f"http://testserver/{site.mode}/page?{query}"


def test_return_to_is_one_parameter_whatever_it_holds(site: Site, ory: FakeOry) -> None:
    response = site.get("page?a=1&aal=aal1#x")

    assert set(parse_qs(urlsplit(location(response)).query)) == {"return_to"}


@pytest.mark.parametrize("target", ["a%20b", "a%2Fb%3Fc", "a%25b", "a;b=c,d"])
def test_path_with_percent_codes_is_ascii_and_means_the_same(site: Site, ory: FakeOry, target: str) -> None:
    response = site.get(target)

    assert return_to(response).isascii()
    assert unquote(return_to(response)) == f"http://testserver/{site.mode}/{unquote(target)}"


def test_path_that_is_not_ascii_is_percent_encoded(ory: FakeOry) -> None:
    # In sync code only: Django's async test client does not decode paths as ASGI servers do.
    response = Site("sync").get("s%C3%A9jour/%E2%82%AC")

    assert return_to(response) == "http://testserver/sync/s%C3%A9jour/%E2%82%AC"


def test_url_of_2000_characters_comes_back(site: Site, ory: FakeOry) -> None:
    start = f"http://testserver/{site.mode}/page?a="
    query = "x" * (2000 - len(start))

    assert return_to(site.get(f"page?a={query}")) == start + query


def test_url_of_2001_characters_comes_back_to_the_start(site: Site, ory: FakeOry) -> None:
    query = "x" * (2001 - len(f"http://testserver/{site.mode}/page?a="))

    assert return_to(site.get(f"page?a={query}")) == HOME


def test_double_slash_in_front_stays_on_this_site(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ROOT_URLCONF = type("Anywhere", (), {"urlpatterns": [re_path("", page)]})

    response = site.get("//evil.test/x")

    assert urlsplit(return_to(response)).netloc == "testserver"


def test_https_is_kept(site: Site, ory: FakeOry) -> None:
    assert return_to(site.get("page", secure=True)) == f"https://testserver/{site.mode}/page"


def test_port_of_the_host_is_kept(site: Site, ory: FakeOry, settings: Any) -> None:
    # Django's async test client cannot replace the header Host.
    settings.USE_X_FORWARDED_HOST = True

    response = site.get("page", headers={"X-Forwarded-Host": "testserver:8000"})

    assert return_to(response) == f"http://testserver:8000/{site.mode}/page"


def test_proxy_header_that_django_trusts_gives_scheme(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.USE_X_FORWARDED_HOST = True

    response = site.get("page", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "testserver"})

    assert return_to(response) == f"https://testserver/{site.mode}/page"


def test_script_name_is_part_of_the_page(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/app"

    # WSGI servers take the script name off the path, ASGI servers leave it there.
    response = site.get("page?a=1" if site.mode == "sync" else "/app/async/page?a=1")

    assert return_to(response) == f"http://testserver/app/{site.mode}/page?a=1"


@pytest.mark.parametrize("with_common", [True, False], ids=["common-middleware", "without"])
def test_bad_host_is_answered_with_400(site: Site, ory: FakeOry, settings: Any, *, with_common: bool) -> None:
    settings.USE_X_FORWARDED_HOST = True
    if with_common:
        settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", *settings.MIDDLEWARE]

    response = site.get("page", headers={"X-Forwarded-Host": "evil.test"})

    assert (response.status_code, location(response)) == (400, "")


def test_forwarded_host_that_django_does_not_trust_is_ignored(site: Site, ory: FakeOry) -> None:
    response = site.get("page", headers={"X-Forwarded-Host": "evil.test"})

    assert return_to(response) == f"http://testserver/{site.mode}/page"


# The site's URL


@pytest.mark.parametrize("url", ["https://app.example.test", "https://app.example.test/", "http://app.test:8080"])
def test_site_url_is_the_origin_of_every_page(site: Site, ory: FakeOry, settings: Any, url: str) -> None:
    settings.ORY_MFA_SITE_URL = url

    assert return_to(site.get("page?a=1")) == f"{url.rstrip('/')}/{site.mode}/page?a=1"


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        ("https://app.example.test/form?x=1", "https://app.example.test/form?x=1"),
        ("http://app.example.test/form", "https://app.example.test/"),
        ("http://testserver/form", "https://app.example.test/"),
    ],
    ids=["site", "other-scheme", "host"],
)
def test_site_url_is_what_the_referer_is_held_against(
    site: Site, ory: FakeOry, settings: Any, referer: str, expected: str
) -> None:
    settings.ORY_MFA_SITE_URL = "https://app.example.test"

    assert return_to(site.post("page", headers={"Referer": referer})) == expected


# Unsafe methods


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_unsafe_request_comes_back_to_the_page_it_came_from(site: Site, ory: FakeOry, method: str) -> None:
    response = site.request(method, "page?a=1", headers={"Referer": "http://testserver/form?b=%20+"})

    assert (response.status_code, return_to(response)) == (303, "http://testserver/form?b=%20+")


@pytest.mark.parametrize(
    "referer",
    [
        "http://TESTSERVER/form",
        "HTTP://testserver/form",
        "http://testserver:80/form",
        "http://testserver/",
        "http://testserver",
        "http://testserver/account/securityx/",
        "http://testserver/account/",
        "http://testserver/form?next=/account/security/",
    ],
)
def test_referer_of_this_site_is_taken(site: Site, ory: FakeOry, referer: str) -> None:
    assert return_to(site.post("page", headers={"Referer": referer})) == referer


REFERERS = {
    "none": "",
    "other-host": "http://evil.test/form",
    "other-scheme": "https://testserver/form",
    "other-port": "http://testserver:8000/form",
    "subdomain": "http://testserver.evil.test/form",
    "suffix": "http://eviltestserver/form",
    "userinfo": "http://testserver@evil.test/form",
    "userinfo-here": "http://user:pass@testserver/form",
    "backslash": "http://testserver\\@evil.test/form",
    "relative": "/form",
    "scheme-relative": "//testserver/form",
    "script": "javascript:alert(1)//testserver",
    "non-ascii": "http://testserver/f\xfcr",
    "space": "http://testserver/a b",
    "too-long": "http://testserver/" + "x" * 1983,
    "bad-port": "http://testserver:x/form",
    "port-0": "http://testserver:0/form",
    "own-page": "http://testserver/account/security/",
    "own-step-up": "http://testserver/account/security/step-up/?next=/form",
    "own-logout": "http://testserver/account/security/logout/",
    "about": "about:blank",
}


@pytest.mark.parametrize("referer", REFERERS.values(), ids=REFERERS)
def test_other_referer_comes_back_to_the_start(site: Site, ory: FakeOry, referer: str) -> None:
    headers = {"Referer": referer} if referer else {}

    assert return_to(site.post("page", headers=headers)) == HOME


@pytest.mark.parametrize(
    "referer",
    ["http://[", "http://[::1", "http://]/form", "//[/x", "http://[testserver]/form"],
)
def test_referer_that_cannot_be_split_comes_back_to_the_start(site: Site, ory: FakeOry, referer: str) -> None:
    """``urlsplit`` raises for some texts, which made a refusal an error 500."""
    response = site.post("page", headers={"Referer": referer})

    assert return_to(response) == HOME


def test_referer_that_cannot_be_split_does_not_break_a_page_that_is_allowed(site: Site, ory: FakeOry) -> None:
    ory.required_aal = "aal1"
    session = ory.login(site, aal="aal1", second_factors={"totp"})
    site.get("page")
    session.enrol("totp")

    assert site.post("page", headers={"Referer": "http://["}).status_code == 200


@pytest.mark.parametrize("length", [2000, 2001])
def test_referer_counts_up_to_2000_characters(site: Site, ory: FakeOry, length: int) -> None:
    referer = "http://testserver/".ljust(length, "x")

    response = site.post("page", headers={"Referer": referer})

    assert return_to(response) == (referer if length == 2000 else HOME)


@pytest.mark.parametrize(
    "referer",
    ["http://testserver/account/%73ecurity/", "http://testserver/account/security/step%2Dup/"],
    ids=["folder", "name"],
)
def test_own_view_is_known_however_it_is_spelt(site: Site, ory: FakeOry, referer: str) -> None:
    assert return_to(site.post("page", headers={"Referer": referer})) == HOME


@pytest.mark.parametrize("name", ["", "step-up/", "logout/"])
def test_own_view_below_a_non_ascii_folder_is_known(site: Site, ory: FakeOry, settings: Any, name: str) -> None:
    settings.ROOT_URLCONF = FarMount

    response = site.post("page", headers={"Referer": f"http://testserver/s%C3%A9curit%C3%A9/{name}"})

    assert return_to(response) == HOME


@pytest.mark.parametrize(
    ("referer", "is_taken"),
    [
        ("http://testserver/app/form", True),
        ("http://testserver/app/account/security/", False),
        ("http://testserver/app/account/security/step-up/", False),
    ],
    ids=["form", "own", "own-step-up"],
)
def test_own_view_below_a_script_name_is_known(site: Site, ory: FakeOry, referer: str, *, is_taken: bool) -> None:
    # Servers set the prefix with every request, Django's test clients do not.
    with override_script_prefix("/app/"):
        response = site.post("page", headers={"Referer": referer})

    assert return_to(response) == (referer if is_taken else f"{HOME}app/")


def test_own_view_is_told_by_the_urls_of_the_request(site: Site, ory: FakeOry) -> None:
    response = site.post("page", headers={"Referer": f"http://testserver/{site.mode}/form"})

    assert return_to(response) == f"http://testserver/{site.mode}/form"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["form", "htmx"])
def test_page_whose_converter_fails_does_not_break_the_guard(site: Site, ory: FakeOry, headers: dict[str, str]) -> None:
    from_page = "http://testserver/form/breaks/"

    response = site.post("page", headers={"Referer": from_page, "HX-Current-URL": from_page, **headers})

    url = response.headers["HX-Redirect"] if headers else location(response)
    assert parse_qs(urlsplit(url).query)["return_to"] == [from_page]


# The default


@pytest.mark.parametrize("default", ["/", "/home?a=1", "/a/b/"])
def test_default_is_a_page_of_this_site(site: Site, ory: FakeOry, settings: Any, default: str) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = default

    assert return_to(site.post("page")) == f"http://testserver{default}"


def test_default_has_the_origin_of_the_site_url(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = "/home"
    settings.ORY_MFA_SITE_URL = "https://app.example.test"

    assert return_to(site.post("page")) == "https://app.example.test/home"


# Below a script prefix, where other applications share the host.


APP = f"{HOME}app/"


@pytest.fixture
def below(settings: Any) -> Iterator[None]:
    """The site as a server mounts it below ``/app``; Django's test clients do not set the prefix."""
    with override_script_prefix("/app/"):
        yield


@pytest.mark.usefixtures("below")
@pytest.mark.parametrize(
    ("method", "target"), [("post", "page"), ("get", "page?a=" + "x" * 2000), ("get", "/account/security/step-up/")]
)
def test_default_stays_inside_the_application(site: Site, ory: FakeOry, method: str, target: str) -> None:
    assert return_to(site.request(method, target)) == APP


@pytest.mark.usefixtures("below")
def test_sign_out_and_step_up_stay_inside_the_application(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert location(site.get("/account/security/step-up/")) == APP
    assert return_to(site.post("/account/security/logout/")) == APP


@pytest.mark.usefixtures("below")
def test_sign_out_of_nobody_stays_inside_the_application(site: Site, ory: FakeOry) -> None:
    assert location(site.post("/account/security/logout/")) == APP


OUTSIDE = ["/", "/other/", "/application/", "/appl", "/app/../other/", "/app/%2e%2E/other/", "/app/x/..%2f../other/"]


@pytest.mark.usefixtures("below")
@pytest.mark.parametrize("page", [*OUTSIDE, *(f"http://testserver{page}" for page in OUTSIDE)])
def test_next_of_another_application_is_not_taken(site: Site, ory: FakeOry, page: str) -> None:
    ory.login(site)

    assert location(site.get(f"/account/security/step-up/?next={quote(page)}")) == APP
    assert return_to(site.post("/account/security/logout/", {"next": page})) == APP


@pytest.mark.usefixtures("below")
@pytest.mark.parametrize("page", ["/app/", "/app", "/app/x?next=/../", "/app/a..b", "/app/%C3%BC"])
def test_next_inside_the_application_is_taken(site: Site, ory: FakeOry, page: str) -> None:
    ory.login(site)

    assert location(site.get(f"/account/security/step-up/?next={quote(page)}")) == f"http://testserver{page}"


@pytest.mark.usefixtures("below")
@pytest.mark.parametrize("page", OUTSIDE)
@pytest.mark.parametrize("kind", ["form", "htmx"])
def test_page_of_another_application_is_not_come_back_to(site: Site, ory: FakeOry, page: str, kind: str) -> None:
    url = f"http://testserver{page}"
    if kind == "form":
        assert return_to(site.post("page", headers={"Referer": url})) == APP
    else:
        response = site.get("page", headers={"HX-Request": "true", "HX-Current-URL": url})
        assert parse_qs(urlsplit(response["HX-Redirect"]).query)["return_to"] == [APP]


@pytest.mark.usefixtures("below")
@pytest.mark.parametrize("default", ["/", "/home", "/app/home"])
def test_default_in_the_settings_is_taken_literally(site: Site, ory: FakeOry, settings: Any, default: str) -> None:
    settings.ORY_MFA_DEFAULT_RETURN_TO = default

    assert return_to(site.post("page")) == f"http://testserver{default}"


def test_prefix_that_is_not_ascii_is_percent_encoded(site: Site, ory: FakeOry) -> None:
    with override_script_prefix("/gr\u00f6\u00dfe/"):
        response = site.post("page")
        inside = site.post("page", headers={"Referer": "http://testserver/gr%C3%B6%C3%9Fe/form"})

    assert return_to(response) == "http://testserver/gr%C3%B6%C3%9Fe/"
    assert return_to(inside) == "http://testserver/gr%C3%B6%C3%9Fe/form"


@pytest.mark.parametrize("given", ["setting", "server"])
def test_servers_give_the_prefix(ory: FakeOry, settings: Any, given: str) -> None:
    environ = RequestFactory().get("/sync/page?a=" + "x" * 2000).environ
    if given == "setting":
        settings.FORCE_SCRIPT_NAME = "/app"
    else:
        environ["SCRIPT_NAME"] = "/app"
    sent: list[Any] = []

    with override_script_prefix("/"):
        WSGIHandler()(environ, lambda status, headers, *rest: sent.extend(headers))  # type: ignore[arg-type]

    assert dict(sent)["Location"].endswith("return_to=http%3A%2F%2Ftestserver%2Fapp%2F")


def test_dots_are_left_to_the_browser_where_the_application_has_the_whole_host() -> None:
    request = RequestFactory().get("/", {"next": "/a/../b"})

    assert checked_next(request) == "http://testserver/a/../b"
