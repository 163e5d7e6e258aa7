"""Session cookies that Ory renews, as browsers get them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.runtime import clock as clock_module
from django_ory_mfa.testing import FakeOry, installed
from tests import urls as site_urls
from tests.clock import PassingTime
from tests.site import Site

# A busy machine may take longer than the cookie of a refusal or of a script is passed on.
pytestmark = pytest.mark.usefixtures("clock")

NAME = "ory_kratos_session"
RENEWED = f"{NAME}=bmV3; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Partitioned; Priority=High"


def own(request: Any) -> HttpResponse:
    response = HttpResponse()
    response.set_cookie(NAME, "own")
    return response


async def aown(request: Any) -> HttpResponse:
    return own(request)


ONE_FOR_ALL = HttpResponse("ok", headers={"X-Kept": "yes"})
ONE_FOR_ALL.set_cookie("colour", "blue")


# A response that cannot be copied.
Odd: Any = type("Odd", (HttpResponse, dict), {"__hash__": object.__hash__})


class OfTheReport(HttpResponse):
    """A response that ends what it has, when nobody needs it any longer."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = ["whole"]
        weakref.finalize(self, self.parts.clear)


def same(request: Any) -> HttpResponse:
    return ONE_FOR_ALL


def odd(request: Any) -> Any:
    return Odd()


async def aodd(request: Any) -> Any:
    return Odd()


def report(request: Any) -> HttpResponse:
    return OfTheReport()


async def areport(request: Any) -> HttpResponse:
    return OfTheReport()


def template(request: Any) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("shown"), {"kept": "yes"})


async def atemplate(request: Any) -> TemplateResponse:
    return template(request)


async def asame(request: Any) -> HttpResponse:
    return ONE_FOR_ALL


def slow(request: Any, seconds: str) -> HttpResponse:
    """Goes on for some seconds after Ory was asked."""
    assert request.ory_session
    passing: Any = clock_module._clock
    passing.wait(float(seconds))
    return HttpResponse()


async def aslow(request: Any, seconds: str) -> HttpResponse:
    await request.aory_session()
    return slow(request, seconds)


urlpatterns = [
    path("sync/slow/<seconds>", csrf_exempt(slow)),
    path("async/slow/<seconds>", csrf_exempt(aslow)),
    *site_urls.urlpatterns,
    path("sync/own", aal_required(own)),
    path("async/own", aal_required(aown)),
    *(
        path(f"{mode}/{name}", aal_required(globals()[prefix + name]))
        for mode, prefix in (("sync", ""), ("async", "a"))
        for name in ("same", "odd", "report", "template")
    ),
]


class RenewingOry(FakeOry):
    """Sends ``renewed`` with every session that it shows."""

    renewed: tuple[str, ...] = (RENEWED,)

    def handle(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().handle(*args, **kwargs)
        answer.headers.extend(("Set-Cookie", value) for value in self.renewed)
        return answer


@pytest.fixture
def ory(settings: Any) -> Iterator[RenewingOry]:
    settings.ORY_MFA_BROWSER_URL = "http://testserver/.ory"
    settings.ROOT_URLCONF = __name__
    with installed(RenewingOry(cookie_name=NAME)) as ory:
        assert isinstance(ory, RenewingOry)
        yield ory


def header_of(response: Any) -> str | None:
    cookie = response.cookies.get(NAME)
    return None if cookie is None else str(cookie.output(header="").strip())


@pytest.mark.parametrize("view", ["session", "aal2", "class/default", "inside/aal2", "in-template"])
def test_cookie_is_passed_on_byte_for_byte(site: Site, ory: RenewingOry, view: str) -> None:
    ory.login(site)

    response = site.get(view)

    assert header_of(response) == RENEWED
    assert "private" in response["Cache-Control"]
    # A middleware may look at what Django sets.
    assert response.cookies[NAME]["domain"] == ""


def test_browser_sends_it_from_then_on(site: Site, ory: RenewingOry) -> None:
    ory.login(site)
    site.get("session")
    site.get("session")

    assert [call.headers["cookie"] for call in ory.calls if call.path == "/sessions/whoami"][1:] == [f"{NAME}=bmV3"]


def test_cookie_of_a_refused_request_is_passed_on_too(site: Site, ory: RenewingOry) -> None:
    ory.required_aal = "aal1"
    ory.login(site, aal="aal1", second_factors=["totp"])

    response = site.get("aal2")

    assert (response.status_code, header_of(response)) == (302, RENEWED)


def test_nothing_else_of_ory_is_passed_on(site: Site, ory: RenewingOry) -> None:
    ory.renewed = ("csrf_token_82=abc; Path=/", RENEWED, "ory_kratos_continuity=x; Path=/")
    ory.login(site)

    assert set(site.get("session").cookies) == {NAME}


def test_answer_with_other_cookies_alone_is_read_all_the_same(site: Site, ory: RenewingOry) -> None:
    ory.renewed = ("csrf_token_82=abc; Path=/",)
    ory.login(site)

    response = site.get("session")

    assert (response.json()["state"], set(response.cookies)) == ("active", set())


def test_cookie_of_the_view_stays(site: Site, ory: RenewingOry) -> None:
    ory.login(site)

    assert site.get("own").cookies[NAME].value == "own"


def test_response_that_a_site_gives_to_everybody_brings_nobody_the_cookie_of_another(
    site: Site, ory: RenewingOry
) -> None:
    ory.login(site)
    first = site.get("same")
    ory.renewed = ()
    ory.login(site)

    second = site.get("same")

    assert (header_of(first), first.cookies["colour"].value, first["X-Kept"]) == (RENEWED, "blue", "yes")
    assert (second.status_code, set(second.cookies), second["X-Kept"]) == (200, {"colour"}, "yes")


def test_response_that_cannot_be_copied_is_sent_without_the_cookie(site: Site, ory: RenewingOry) -> None:
    ory.login(site)

    response = site.get("odd")

    assert (response.status_code, header_of(response)) == (200, None)


def test_what_ends_with_a_response_lives_until_it_is_sent(site: Site, ory: RenewingOry) -> None:
    ory.login(site)

    response: Any = site.get("report")
    gc.collect()

    assert (header_of(response), response.parts) == (RENEWED, ["whole"])


def test_response_of_a_template_keeps_all_that_it_has(site: Site, ory: RenewingOry) -> None:
    ory.login(site)

    response: Any = site.get("template")

    assert (header_of(response), response.content) == (RENEWED, b"shown")
    assert response.context_data == {"kept": "yes"}


def test_cookie_that_is_not_for_this_site_is_not_passed_on(site: Site, ory: RenewingOry, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "http://auth.testserver"
    ory.login(site)

    assert header_of(site.get("session")) is None


def test_domain_that_covers_this_site_does(site: Site, ory: RenewingOry, settings: Any) -> None:
    settings.ORY_MFA_BROWSER_URL = "http://auth.testserver"
    ory.renewed = (f"{NAME}=bmV3; Domain=testserver",)
    ory.login(site)

    assert header_of(site.get("session")) == f"{NAME}=bmV3; Domain=testserver"


def test_token_gets_no_cookie(mode: str, ory: RenewingOry) -> None:
    session = ory.login(Site(mode))

    response = Site(mode).get("session", headers={"X-Session-Token": session.token})

    assert (response.json()["state"], header_of(response)) == ("active", None)


@pytest.mark.parametrize("status", [401, 403, 503])
def test_refusal_of_ory_passes_nothing_on(site: Site, ory: RenewingOry, status: int) -> None:
    ory.login(site)
    ory.fail(status, b"{}")

    assert header_of(site.get("session")) is None


def test_nobody_asks_nobody_gets(site: Site, ory: RenewingOry) -> None:
    ory.login(site)

    assert header_of(site.get("public")) is None


def test_host_that_django_refuses_gets_nothing(mode: str, ory: RenewingOry, settings: Any) -> None:
    settings.MIDDLEWARE = ["django_ory_mfa.middleware.OrySessionMiddleware"]
    site = Site(mode)
    ory.login(site)

    response = site.get("session", headers={"Host": "evil.example.com"})

    assert (response.json()["state"], header_of(response)) == ("active", None)


# A response that comes late


NAVIGATION = {"Sec-Fetch-Mode": "navigate"}
#: What a browser sends that tells no more, as on plain http.
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPTS = {
    "fetch": {"Sec-Fetch-Mode": "cors"},
    "same origin": {"Sec-Fetch-Mode": "same-origin", **PAGE},
    "image": {"Sec-Fetch-Mode": "no-cors"},
    "prefetch": {**NAVIGATION, **PAGE, "Sec-Purpose": "prefetch;prerender"},
    "anything": {"Accept": "*/*"},
    "nothing said": {},
    "json": {"Accept": "application/json"},
    "jQuery": {**PAGE, "X-Requested-With": "XMLHttpRequest"},
    "htmx": {**PAGE, "HX-Request": "true"},
}


@pytest.mark.parametrize("headers", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize(("seconds", "is_relayed"), [(0, True), (1, True), (1.001, False), (60, False)])
def test_late_answer_to_a_script_brings_no_old_session_back(
    site: Site, ory: RenewingOry, clock: PassingTime, headers: dict[str, str], seconds: float, *, is_relayed: bool
) -> None:
    """The browser may have signed in anew meanwhile, as somebody else even."""
    ory.login(site)

    response = site.get(f"slow/{seconds}", headers=headers)

    assert response.status_code == 200
    assert header_of(response) == (RENEWED if is_relayed else None)


@pytest.mark.parametrize("headers", [NAVIGATION, PAGE, {**NAVIGATION, **PAGE}], ids=["said", "http", "both"])
def test_late_page_that_the_browser_goes_to_has_the_cookie(
    site: Site, ory: RenewingOry, clock: PassingTime, headers: dict[str, str]
) -> None:
    ory.login(site)

    assert header_of(site.get("slow/60", headers=headers)) == RENEWED


def test_site_is_not_asked_who_reads_an_answer_that_is_already_made(
    site: Site, ory: RenewingOry, clock: PassingTime, settings: Any
) -> None:
    def kind(request: Any) -> str:
        raise AssertionError(request)

    ory.login(site)
    settings.ORY_MFA_CLIENT_KIND = kind

    assert header_of(site.get("slow/60", headers=PAGE)) == RENEWED


def test_late_answer_to_a_form_has_it_only_if_the_browser_says_that_it_goes_there(
    site: Site, ory: RenewingOry, clock: PassingTime
) -> None:
    ory.login(site)

    assert header_of(site.post("slow/60", headers=PAGE)) is None
    assert header_of(site.post("slow/60", headers={**PAGE, **NAVIGATION})) == RENEWED


def test_servers_send_it_as_it_came(ory: RenewingOry) -> None:
    client = Site("sync")
    ory.login(client)
    environ = RequestFactory().get("/sync/session").environ
    environ["HTTP_COOKIE"] = f"{NAME}={client.cookies[NAME].value}"
    sent: list[Any] = []

    WSGIHandler()(environ, lambda status, headers, *rest: sent.extend(headers))  # type: ignore[arg-type]

    assert ("Set-Cookie", RENEWED) in [(name, value.strip()) for name, value in sent]


def test_async_servers_send_it_as_it_came(ory: RenewingOry) -> None:
    import asyncio

    client = Site("sync")
    ory.login(client)
    headers = [(b"host", b"testserver"), (b"cookie", f"{NAME}={client.cookies[NAME].value}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/async/session", "headers": headers, "query_string": b""}
    sent: list[dict[str, Any]] = []
    waiting = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if waiting.is_set():
            await asyncio.sleep(60)
        waiting.set()
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(ASGIHandler()(scope, receive, send))  # type: ignore[arg-type]

    assert (b"Set-Cookie", RENEWED.encode()) in sent[0]["headers"]
