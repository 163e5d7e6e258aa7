"""``ORY_MFA_CLIENT_KIND``: a site that knows its clients says in which form they read an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.urls import include, path

from django_ory_mfa.core.credentials import Credential, CredentialKind
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import evaluate
from django_ory_mfa.request.client_kind import Kind, kind_of
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

pytestmark = pytest.mark.urls(__name__)

HERE = __name__
ASKED: list[str] = []
KINDS: dict[str, Any] = {"none": None, "empty": "", "capital": "JSON", "true": True, "bytes": b"json", "list": ["json"]}
TOKEN = {"X-Session-Token": "ory_st_" + "x" * 32}


def by_header(request: Any) -> Any:
    """What a test asks for: the kind in the header ``X-Kind``."""
    ASKED.append(request.path)
    kind = request.headers.get("X-Kind", "none")
    return KINDS.get(kind, kind)


def decides(request: Any) -> str:
    return "browser" if evaluate(request, "aal1").is_allowed else "json"


def looks_at_the_session(request: Any) -> str:
    return "json" if request.ory_session.is_signed_in else "browser"


def breaks(request: Any) -> str:
    raise RuntimeError("a bug of the site")


async def coroutine(request: Any) -> str:
    return "json"


class Chooser:
    """A callable that is an object."""

    def __call__(self, request: Any) -> str:
        return "json"


chooser = Chooser()
NOT_CALLABLE = "json"


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def tags(request: Any) -> HttpResponse:
    return HttpResponse(engines["django"].from_string("{% load ory_mfa %}{% ory_step_up_url %}").render({}, request))


urlpatterns = [
    path("sync/", include([path("page", aal_required("aal2")(page)), path("tags", tags)])),
    path("async/", include([path("page", aal_required("aal2")(apage)), path("tags", tags)])),
]


@pytest.fixture(autouse=True)
def asked(settings: Any) -> Iterator[list[str]]:
    """The paths that ``by_header``, which is the setting, was asked about."""
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.by_header"
    ASKED.clear()
    yield ASKED
    ASKED.clear()


def column(response: Any) -> str:
    """The column of the table that the refusal is in."""
    if "HX-Redirect" in response.headers:
        return "htmx"
    if location(response):
        return "browser"
    return "token" if "login_flow" in response.json()["error"]["details"] else "json"


BROWSER = {"Accept": "text/html"}
SIGNS: dict[str, tuple[dict[str, str], str]] = {
    "browser": (BROWSER, "browser"),
    "json": ({"Accept": "application/json"}, "json"),
    "htmx": ({**BROWSER, "HX-Request": "true"}, "htmx"),
    "jquery": ({**BROWSER, "X-Requested-With": "XMLHttpRequest"}, "json"),
    "fetch": ({**BROWSER, "Sec-Fetch-Mode": "cors"}, "json"),
    "bearer": ({**BROWSER, "Authorization": "Bearer eyJhbGciOi"}, "json"),
    "token": (TOKEN, "token"),
}


@pytest.mark.parametrize("kind", ["browser", "htmx", "json"])
@pytest.mark.parametrize(("headers", "guess"), SIGNS.values(), ids=SIGNS)
def test_kind_decides_before_every_header(
    site: Site, ory: FakeOry, headers: dict[str, str], guess: str, kind: str
) -> None:
    response = site.get("page", headers={**headers, "X-Kind": kind})

    assert column(response) == ("token" if guess == "token" and kind == "json" else kind)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("headers", "guess"), SIGNS.values(), ids=SIGNS)
def test_undecided_kind_leaves_it_to_the_headers(site: Site, ory: FakeOry, headers: dict[str, str], guess: str) -> None:
    assert column(site.get("page", headers=headers)) == guess


def test_kind_is_asked_for_once_a_request(site: Site, ory: FakeOry, asked: list[str]) -> None:
    site.get("page", headers={"X-Kind": "htmx"})

    assert asked == [f"/{site.mode}/page"]


UNREADABLE = ["text/html;x*=bogus''y", "text/html" + ";" * 20_000, "text/" + "h" * 20_000, "text/html," * 200]
UNREADABLE += ["text/html;a*0=x;a*=y"]


@pytest.mark.parametrize("accept", UNREADABLE, ids=["broken", "semicolons", "one type", "many types", "part twice"])
def test_accept_that_cannot_be_read_is_that_of_a_script(site: Site, ory: FakeOry, accept: str) -> None:
    """Whatever anybody sends there, it is an answer and no error, and it is found without parsing it for seconds."""
    response = site.get("page", headers={"Accept": accept})

    assert (response.status_code, column(response)) == (401, "json")


def test_long_accept_of_a_browser_is_read(site: Site, ory: FakeOry) -> None:
    """The longest that a browser is known to send has some 140 characters."""
    accept = "text/html," + ",".join(f"application/x-{number}" for number in range(40))

    assert column(site.get("page", headers={"Accept": accept})) == "browser"


def return_to(response: Any) -> list[str]:
    url = response.headers.get("HX-Redirect") or location(response)
    return parse_qs(urlsplit(url).query)["return_to"]


AROUND = {"HX-Request": "true", "HX-Current-URL": "http://testserver/around"}


@pytest.mark.parametrize(
    ("kind", "headers", "page"),
    [
        ("browser", AROUND, "/page?x=1"),
        ("htmx", AROUND, "/around"),
        ("htmx", {"HX-Current-URL": "http://testserver/around"}, "/around"),
        ("none", {"HX-Current-URL": "http://testserver/around"}, "/page?x=1"),
    ],
)
def test_kind_decides_on_the_way_back_too(
    site: Site, ory: FakeOry, kind: str, headers: dict[str, str], page: str
) -> None:
    response = site.get("page?x=1", headers={**headers, "X-Kind": kind})

    expected = f"/{site.mode}{page}" if page.startswith("/page") else page
    assert return_to(response) == [f"http://testserver{expected}"]


@pytest.mark.parametrize("answer", ["capital", "empty", "true", "bytes", "list", "mobile", "token"])
def test_any_other_kind_is_an_error_and_opens_nothing(site: Site, ory: FakeOry, answer: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_CLIENT_KIND"):
        site.get("page", headers={"X-Kind": answer})


def test_kind_that_is_wrong_is_not_shown(site: Site, ory: FakeOry) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        site.get("page", headers={"X-Kind": "s3cr3t"})

    assert "s3cr3t" not in str(caught.value)


def test_callable_that_breaks_opens_nothing(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.breaks"

    with pytest.raises(RuntimeError, match="a bug of the site"):
        site.get("page")


def test_kind_does_not_open_what_is_refused_and_does_not_close_what_is_open(site: Site, ory: FakeOry) -> None:
    ory.login(site)

    assert site.get("page", headers={"X-Kind": "json"}).content == b"open sesame"


def test_callable_may_look_at_the_session_of_a_refused_request(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.looks_at_the_session"
    assert column(site.get("page", headers=BROWSER)) == "browser"
    ory.login(site, aal="aal1", second_factors={"totp"})

    assert column(site.get("page", headers=BROWSER)) == "json"


def test_callable_that_looks_at_the_session_while_it_is_fetched_does_not_go_round_in_circles(
    ory: FakeOry, settings: Any
) -> None:
    """The way back from Ory is looked for before the session is known, and its page depends on the kind."""
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.looks_at_the_session"
    settings.ORY_MFA_CACHE_TTL = 60
    site = Site("sync")
    ory.login(site)
    site.set_cookie("ory_mfa_hops", "x")

    assert site.get("page", headers=BROWSER).content == b"open sesame"


def test_callable_may_decide_about_the_request(ory: FakeOry, settings: Any) -> None:
    """The address in a decision depends on the kind, so the callable would be asked again while it runs."""
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.decides"

    assert column(Site("sync").get("page", headers=BROWSER)) == "json"


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"HX-Request": "true"}, Kind.HTMX),
        ({"Authorization": "Bearer eyJhbGciOi"}, Kind.BROWSER),
        ({}, Kind.BROWSER),
    ],
)
def test_kind_of_a_request_with_a_session_cookie(headers: dict[str, str], kind: Kind) -> None:
    """A token of another issuer beside the cookie says nothing."""
    request = RequestFactory().get("/", headers={**BROWSER, **headers})

    assert kind_of(request, Credential(CredentialKind.COOKIE, "ory_kratos_session=a")) is kind


def test_object_can_be_the_callable(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.chooser"

    assert column(site.get("page", headers=BROWSER)) == "json"


def test_wrong_kind_does_not_break_a_page_with_a_tag(site: Site, ory: FakeOry) -> None:
    """A page that shared caches may keep leads back to itself, whatever a header says; another one has no link."""
    assert site.get("tags", headers={"X-Kind": "mobile"}).content.endswith(b"%2Ftags")
    assert site.post("tags", headers={"X-Kind": "mobile"}).content == b""


@pytest.mark.parametrize("name", ["coroutine", "NOT_CALLABLE", "missing"])
def test_setting_that_is_no_function_opens_nothing(site: Site, ory: FakeOry, settings: Any, name: str) -> None:
    settings.ORY_MFA_CLIENT_KIND = f"{HERE}.{name}"

    with pytest.raises(ImproperlyConfigured, match="ORY_MFA_CLIENT_KIND"):
        site.get("page")
