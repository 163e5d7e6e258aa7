"""What becomes of ``AALRequired`` where the middleware does not see it raised, or somebody answers it on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa import Requirement
from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.enforcement import AALRequired, arequire_aal, require_aal
from django_ory_mfa.guard import denials
from django_ory_mfa.guard.denials import CSRFFailed, roll_back
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


def marked(response: Any, **marks: Any) -> Any:
    """A response with attributes such as Django REST framework sets, but not all that its own handler would."""
    vars(response).update(marks)
    return response


ANSWERS: dict[str, Callable[[], Any]] = {
    "less": lambda: HttpResponse("less"),
    "redirect": lambda: HttpResponseRedirect("/elsewhere"),
    "not-found": lambda: HttpResponse("no", status=404),
    "forbidden": lambda: JsonResponse({"detail": "session_missing"}, status=403),
    "bad": lambda: HttpResponse("no", status=400),
    "error": lambda: HttpResponse("no", status=500),
    "ends-alike": lambda: HttpResponse(f"{AALRequired.__module__}.AALRequired: session_missing", status=502),
    "marked": lambda: marked(HttpResponse("no", status=403), exception=True, data=["session_missing"]),
    "unmarked": lambda: marked(HttpResponse("no", status=403), data={"detail": "session_missing"}),
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


def hides(request: Any) -> Any:
    try:
        require_aal(request, "aal2")
    except AALRequired:
        raise Http404 from None


async def ahides(request: Any) -> Any:
    try:
        await arequire_aal(request, "aal2")
    except AALRequired:
        raise Http404 from None


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


def spelling(view: Any, template: Any, hiding: Any) -> Any:
    return include(
        [
            path("page", page),
            path("hides", hiding),
            path("raised", raised_by_the_site),
            path("template", csrf_exempt(template)),
            path("<str:name>", view),
        ]
    )


urlpatterns = [
    path("sync/", spelling(answers, in_template, hides)),
    path("async/", spelling(aanswers, ain_template, ahides)),
]


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_that_a_view_gives_on_purpose_stays(site: Site, ory: FakeOry, name: str) -> None:
    expected = ANSWERS[name]()

    response = site.json(name)

    assert response.status_code == expected.status_code
    if not expected.streaming:
        assert response.content == expected.content
    assert ("no-store" in response.headers["Cache-Control"]) is (expected.status_code >= 400)


def test_error_that_a_view_raises_instead_of_the_refusal_is_not_stored(site: Site, ory: FakeOry) -> None:
    response = site.get("hides")

    assert (response.status_code, "no-store" in response.headers["Cache-Control"]) == (404, True)


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


def test_refusal_says_why_and_what_a_framework_may_add() -> None:
    decision = Decision(Outcome.LOGIN, Requirement("aal1"), "session_missing")

    assert str(AALRequired(decision)) == "session_missing"
    assert AALRequired(decision).extensions == {}
    assert AALRequired(decision, {"error": {}}).extensions == {"error": {}}


class Connection:
    """A connection to a database, as far as it matters here."""

    def __init__(self, *, is_atomic: bool, is_open: bool) -> None:
        self.settings_dict = {"ATOMIC_REQUESTS": is_atomic}
        self.in_atomic_block = is_open
        self.rolled_back = False

    def set_rollback(self, rolled_back: bool) -> None:  # noqa: FBT001 - Django's signature
        self.rolled_back = rolled_back


class Connections:
    """Connections of a site; those that nobody has used yet are made only if they are asked for."""

    def __init__(self, *used: Connection) -> None:
        self._used = used

    def all(self, *, initialized_only: bool = False) -> list[Connection]:
        assert initialized_only, "A refusal opens no database."
        return list(self._used)


def test_what_a_refused_view_has_written_is_undone_where_each_request_is_atomic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = [
        Connection(is_atomic=is_atomic, is_open=is_open) for is_atomic in (True, False) for is_open in (True, False)
    ]
    monkeypatch.setattr(denials, "connections", Connections(*used))

    roll_back()

    assert [connection.rolled_back for connection in used] == [True, False, False, False]
