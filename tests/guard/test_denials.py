"""What becomes of ``AALRequired`` where the middleware does not see it raised, or somebody answers it on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa.enforcement import AALRequired, arequire_aal, require_aal
from django_ory_mfa.guard.denials import CSRFFailed
from django_ory_mfa.testing import FakeOry
from tests.site import Site

pytestmark = pytest.mark.urls(__name__)


@sync_and_async_middleware
def asks(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware of a site that stands inside of ours."""
    if iscoroutinefunction(get_response):

        async def aasking(request: Any) -> Any:
            await arequire_aal(request, "aal2")
            return await get_response(request)

        return aasking

    def asking(request: Any) -> Any:
        require_aal(request, "aal2")
        return get_response(request)

    return asking


def parts() -> Iterator[bytes]:
    yield b"no"


ANSWERS: dict[str, Callable[[], Any]] = {
    "less": lambda: HttpResponse("less"),
    "redirect": lambda: HttpResponseRedirect("/elsewhere"),
    "not-found": lambda: HttpResponse("no", status=404),
    "forbidden": lambda: JsonResponse({"detail": "session_missing"}, status=403),
    "error": lambda: HttpResponse("no", status=500),
    "stream": lambda: StreamingHttpResponse(parts(), status=500),
    "latin": lambda: HttpResponse(b"\xe9\xff", status=500),
}


def answers(request: Any, name: str) -> Any:
    try:
        require_aal(request, "aal2")
    except AALRequired:
        return ANSWERS[name]()


async def aanswers(request: Any, name: str) -> Any:
    try:
        await arequire_aal(request, "aal2")
    except AALRequired:
        return ANSWERS[name]()


def raised_by_the_site(request: Any) -> Any:
    raise PermissionDenied("session_missing")


class Later:
    def __init__(self, request: Any) -> None:
        self.request = request

    def __str__(self) -> str:
        return str(require_aal(self.request, "aal2").aal)


def in_template(request: Any) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("level {{ later }}"), {"later": Later(request)})


async def ain_template(request: Any) -> TemplateResponse:
    return in_template(request)


def lazy_failure(request: Any, reason: str = "") -> TemplateResponse:
    """A ``CSRF_FAILURE_VIEW`` whose page is not rendered yet."""
    return TemplateResponse(request, engines["django"].from_string("forged"), status=403)


def page(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def spelling(view: Any, template: Any) -> Any:
    return include(
        [
            path("page", page),
            path("raised", raised_by_the_site),
            path("template", csrf_exempt(template)),
            path("<str:name>", view),
        ]
    )


urlpatterns = [path("sync/", spelling(answers, in_template)), path("async/", spelling(aanswers, ain_template))]


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_that_a_view_gives_on_purpose_stays(site: Site, ory: FakeOry, name: str) -> None:
    expected = ANSWERS[name]()

    response = site.json(name)

    assert response.status_code == expected.status_code
    if not expected.streaming:
        assert response.content == expected.content
    assert ("no-store" in response.headers["Cache-Control"]) is (expected.status_code >= 400)


def test_middleware_inside_of_ours_that_asks_answers_a_plain_403(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.asks"]

    response = site.get("page")

    assert (response.status_code, response.headers["Cache-Control"]) == (403, "no-store")
    assert b"open sesame" not in response.content


def test_middleware_inside_of_ours_that_asks_lets_in_who_may(site: Site, ory: FakeOry, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.asks"]
    ory.login(site)

    assert site.get("page").content == b"open sesame"


def test_error_of_the_site_is_not_taken_for_a_refusal(site: Site, ory: FakeOry) -> None:
    response = site.json("raised")

    assert (response.status_code, response.headers.get("Cache-Control")) == (403, None)


def test_failure_of_csrf_while_a_template_renders_is_a_page(mode: str, ory: FakeOry, settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = f"{__name__}.lazy_failure"
    site = Site(mode, enforce_csrf_checks=True)
    ory.login(site)

    response = site.post("template")

    assert (response.status_code, response.content) == (403, b"forged")
    assert response.headers["Cache-Control"] == "no-store"


def test_forged_request_is_named_in_its_exception() -> None:
    """Frameworks that answer it by themselves show this text."""
    assert str(CSRFFailed(HttpResponse(status=403))) == "CSRF verification failed"
