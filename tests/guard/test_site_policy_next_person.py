"""Answers without a view show nothing of the person who used the browser before."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.signals import request_finished
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware

from django_ory_mfa.decorators import aal_exempt
from django_ory_mfa.signals import identity_switched
from tests import views
from tests.policy_middleware import Resource, finishing
from tests.site import Site, location

SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
SESSION = "django_ory_mfa.middleware.OrySessionMiddleware"
POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
LOGIN = "http://127.0.0.1:4433/self-service/login/browser?return_to"
ENGINES = ("cache", "file", "signed_cookies")


def keep(request: Any) -> HttpResponse:
    request.session["who"] = "ann"
    return HttpResponse()


async def akeep(request: Any) -> HttpResponse:
    await request.session.aset("who", "ann")
    return HttpResponse()


@aal_exempt
def without_page(request: Any) -> HttpResponse:
    return HttpResponse(status=404)


def of_admin(request: Any) -> HttpResponse:
    """A view that is never run, of an admin site that marks its refusals."""
    raise AssertionError


def marked(request: Any, refusal: Any) -> Any:
    refusal.headers["X-Admin"] = "mine"
    return refusal


vars(of_admin)["admin_site"] = SimpleNamespace(ory_mfa_finish_refusal=marked)


urlpatterns = [
    path("sync/", include([path("keep", keep), path("page", views.page), path("exempt/gone", without_page)])),
    path("async/", include([path("keep", akeep), path("page", views.apage), path("exempt/gone", without_page)])),
    path("<str:mode>/admin", of_admin),
]


def shown(request: Any) -> str:
    return str(request.session.get("who", "nothing"))


def page(request: Any, response: Any) -> Any:
    """Shows a page that says whose session it is, as flat pages do whose template shows the user."""
    return HttpResponse(shown(request)) if response.status_code == 404 else response


def streamed(request: Any, response: Any) -> Any:
    return StreamingHttpResponse([shown(request)]) if response.status_code == 404 else response


def visited(request: Any, response: Any) -> Any:
    """Writes to the Django session on every page."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return page(request, response)


def asked_late(request: Any, response: Any) -> Any:
    """Reads the Django session first, and then the session of Ory, as a template may."""
    if response.status_code != 404:
        return response
    who = shown(request)
    return HttpResponse(f"{who}, {request.ory_session.state}")


def attached(request: Any, response: Any) -> Any:
    return FileResponse(FILE, filename=shown(request)) if response.status_code == 404 else response


FILE = Resource()


@sync_and_async_middleware
def answers(get_response: Any) -> Any:
    """Answers in the place of the admin."""

    def is_meant(request: Any) -> bool:
        return bool(request.path.endswith("/admin"))

    async def amiddleware(request: Any) -> Any:
        return HttpResponse(shown(request)) if is_meant(request) else await get_response(request)

    def middleware(request: Any) -> Any:
        return HttpResponse(shown(request)) if is_meant(request) else get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


fallback, streams, visits, asks, files = map(finishing, (page, streamed, visited, asked_late, attached))


def handler_with_a_page(request: Any, exception: Exception) -> HttpResponse:
    return HttpResponse(shown(request))


@pytest.fixture(params=ENGINES, autouse=True)
def policy(request: Any, settings: Any, tmp_path: Any) -> Any:
    settings.ROOT_URLCONF = __name__
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": __name__}}
    settings.ORY_MFA_AAL = "aal1"
    settings.MIDDLEWARE = [SESSIONS, SESSION, POLICY, f"{__name__}.fallback"]
    return settings


def ends_with(settings: Any, name: str) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.{name}"]


def next_person(ory: Any, site: Site, **person: Any) -> None:
    """Signs Ann in, who leaves something in the Django session, and then Bob in the same browser."""
    ory.login(site)
    site.get("keep")
    ory.login(site, **person)


def test_page_without_a_view_is_made_again_for_the_next_person(ory: Any, site: Site) -> None:
    next_person(ory, site)

    first = site.get("nowhere?a=1&b=2")
    second = site.get("nowhere?a=1&b=2")

    assert (first.status_code, location(first), first.content) == (302, f"/{site.mode}/nowhere?a=1&b=2", b"")
    assert first["Cache-Control"] == "no-store"
    assert (second.status_code, second.content) == (200, b"nothing")


def test_page_without_a_view_is_shown_at_once_to_the_same_person(ory: Any, site: Site) -> None:
    ory.login(site)
    site.get("keep")

    assert (site.get("nowhere").status_code, site.get("nowhere").content) == (200, b"ann")


def test_error_handler_with_a_page_is_asked_again_for_the_next_person(ory: Any, site: Site, settings: Any) -> None:
    module = ModuleType("urls_with_handler")
    vars(module).update({"urlpatterns": urlpatterns, "handler404": handler_with_a_page})
    settings.ROOT_URLCONF = module
    next_person(ory, site)

    first, second = site.get("nowhere"), site.get("nowhere")

    assert (first.status_code, second.content) == (302, b"nothing")


def test_page_in_place_of_a_returned_404_is_made_again_for_the_next_person(ory: Any, site: Site) -> None:
    next_person(ory, site)

    first, second = site.get("exempt/gone"), site.get("exempt/gone")

    assert (first.status_code, second.content) == (302, b"nothing")


def test_head_is_sent_again_for_the_next_person(ory: Any, site: Site) -> None:
    next_person(ory, site)

    first, second = site.request("head", "nowhere"), site.request("head", "nowhere")

    assert (first.status_code, second.status_code) == (302, 200)


def test_answer_in_the_place_of_an_admin_is_withheld_as_the_admin_does(ory: Any, site: Site, settings: Any) -> None:
    ends_with(settings, "answers")
    next_person(ory, site)

    first, second = site.get("admin"), site.get("admin")

    assert (first.status_code, first["X-Admin"], second.content) == (302, "mine", b"nothing")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_answer_to_a_change_is_withheld_from_the_next_person(ory: Any, site: Site, method: str) -> None:
    next_person(ory, site)

    first = site.request(method, "nowhere")
    second = site.request(method, "nowhere")

    assert (first.status_code, b"ann" in first.content, first["Cache-Control"]) == (403, False, "no-store")
    assert (second.status_code, second.content) == (200, b"nothing")


def test_stream_is_withheld_from_the_next_person(ory: Any, site: Site, settings: Any) -> None:
    ends_with(settings, "streams")
    next_person(ory, site)

    first, second = site.get("nowhere"), site.get("nowhere")

    assert (first.status_code, first.streaming, b"".join(views_of(second))) == (302, False, b"nothing")


def views_of(response: Any) -> Any:
    return response.streaming_content if not response.is_async else [b"nothing"]


def test_file_that_is_withheld_from_the_next_person_is_closed_with_the_request(
    ory: Any, site: Site, settings: Any
) -> None:
    ends_with(settings, "files")
    next_person(ory, site)
    FILE.is_closed = False
    finished: list[Any] = []

    def note(**kwargs: Any) -> None:
        finished.append(FILE.is_closed)

    request_finished.connect(note)
    response = site.get("nowhere")
    request_finished.disconnect(note)

    assert (response.status_code, "ann" in str(response.headers), finished) == (302, False, [True])


def test_page_that_writes_to_the_session_is_made_again_only_once(ory: Any, site: Site, settings: Any) -> None:
    ends_with(settings, "visits")
    next_person(ory, site)

    assert [site.get("nowhere").status_code for _ in range(3)] == [302, 200, 200]


def test_page_that_asks_for_the_person_too_late_is_made_redirect_to_itself(ory: Any, site: Site, settings: Any) -> None:
    if site.mode == "async":
        # There, the session of Ory cannot be read in blocking code.
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.Sync"]
    else:
        ends_with(settings, "asks")
    next_person(ory, site)

    first, second = site.get("nowhere"), site.get("nowhere")

    assert (first.status_code, b"ann" in first.content, second.content) == (302, False, b"nothing, active")


class Sync:
    """The same without an event loop."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return asked_late(request, self.get_response(request))


def test_page_is_made_again_where_a_rule_only_reports(ory: Any, site: Site, settings: Any) -> None:
    settings.ORY_MFA_RULES = [("/", "aal2", {"report_only": True})]
    next_person(ory, site)

    first, second = site.get("nowhere"), site.get("nowhere")

    assert (first.status_code, second.content) == (302, b"nothing")


def test_refusal_of_the_next_person_is_that_of_the_policy(ory: Any, site: Site, settings: Any) -> None:
    next_person(ory, site, aal="aal1")
    settings.ORY_MFA_AAL = "aal2"

    first, second = site.get("nowhere"), site.get("nowhere")

    assert (first.status_code, first.content) == (302, b"")
    assert (second.status_code, b"<h1>" in second.content, b"ann" in second.content) == (403, True, False)


def test_next_person_is_signalled_once(ory: Any, site: Site) -> None:
    heard: list[Any] = []

    def hear(**named: Any) -> None:
        heard.append(named["session"])

    next_person(ory, site)
    identity_switched.connect(hear)
    site.get("nowhere")
    site.get("nowhere")
    identity_switched.disconnect(hear)

    assert len(heard) == 1
