"""Middleware of a site that answers by itself, in a blocking chain and in an async one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

from django_ory_mfa.core.decision import Decision, Outcome
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.decorators import aal_exempt
from django_ory_mfa.enforcement import AALRequired
from tests import views

MADE = b"made by a middleware"


class Resource:
    """A file that notes whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def read(self, size: int = -1) -> bytes:
        return b""

    def close(self) -> None:
        self.is_closed = True


def finishing(change: Callable[[Any, Any], Any]) -> Any:
    """A middleware that puts what ``change`` returns in the place of a response."""

    @sync_and_async_middleware
    def factory(get_response: Any) -> Any:
        async def amiddleware(request: Any) -> Any:
            return change(request, await get_response(request))

        def middleware(request: Any) -> Any:
            return change(request, get_response(request))

        return amiddleware if iscoroutinefunction(get_response) else middleware

    return factory


def instead(answer: Callable[[Any], Any]) -> Any:
    """A middleware that answers without asking the view."""

    @sync_and_async_middleware
    def factory(get_response: Any) -> Any:
        async def amiddleware(request: Any) -> Any:
            return answer(request)

        def middleware(request: Any) -> Any:
            return answer(request)

        return amiddleware if iscoroutinefunction(get_response) else middleware

    return factory


def page_for_404(request: Any, response: Any) -> Any:
    return HttpResponse(MADE) if response.status_code == 404 else response


def redirect_for_404(request: Any, response: Any) -> Any:
    return HttpResponseRedirect("/secret-target/") if response.status_code == 404 else response


def stream_for_404(request: Any, response: Any) -> Any:
    return StreamingHttpResponse([MADE]) if response.status_code == 404 else response


def page_for_refusals(request: Any, response: Any) -> Any:
    return HttpResponse(MADE) if response.status_code in (302, 401, 403, 503) else response


def empty_for_options(request: Any, response: Any) -> Any:
    if request.method != "OPTIONS":
        return response
    return HttpResponse(headers={"Access-Control-Allow-Origin": "https://app.example"})


def serve_by_the_server_in_front(request: Any) -> Any:
    headers = {"Access-Control-Allow-Origin": "https://app.example", "X-Accel-Redirect": "/protected/file"}
    response = HttpResponse(headers=headers)
    response.set_cookie("name", "value")
    return response


def denied(request: Any) -> Any:
    raise PermissionDenied


def asking(request: Any) -> Any:
    raise AALRequired(Decision(Outcome.STEP_UP, Requirement("aal2"), "second_factor_due"))


fallback = finishing(page_for_404)
redirects = finishing(redirect_for_404)
streams = finishing(stream_for_404)
friendly_refusals = finishing(page_for_refusals)
silent_refusals = finishing(lambda request, response: HttpResponse() if response.status_code == 302 else response)
gone = finishing(lambda request, response: HttpResponse(status=410))
preflights = finishing(empty_for_options)
page = instead(lambda request: HttpResponse(MADE))
media = instead(serve_by_the_server_in_front)
empty = instead(lambda request: HttpResponse())
moved = instead(lambda request: HttpResponseRedirect("/secret-target/"))
error = instead(lambda request: HttpResponse(MADE, status=int(request.headers["X-Status"])))
denying = instead(denied)
demanding = instead(asking)
FILE = Resource()
file = instead(lambda request: FileResponse(FILE, content_type="text/plain"))


class SyncFallback:
    """A middleware that knows nothing of event loops."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return page_for_404(request, self.get_response(request))


class AnswersInProcessView(SyncFallback):
    """Answers in the place of the view, once it is known which one."""

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return HttpResponse(MADE)


class ReplacesTemplates(SyncFallback):
    """Shows another page than the one that was to be rendered."""

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_template_response(self, request: Any, response: Any) -> Any:
        return TemplateResponse(request, engines["django"].from_string(MADE.decode()))


@aal_exempt
def free_elsewhere(request: Any) -> HttpResponse:
    return HttpResponse("open sesame")


elsewhere = ModuleType("elsewhere_urls")
elsewhere.urlpatterns = [path("elsewhere", free_elsewhere), path("guarded", views.page)]  # type: ignore[attr-defined]


@sync_and_async_middleware
def moves_urls(get_response: Any) -> Any:
    """Gives the request a URL configuration of its own, as sites with several hosts do."""

    async def amiddleware(request: Any) -> Any:
        request.urlconf = elsewhere
        return await get_response(request)

    def middleware(request: Any) -> Any:
        request.urlconf = elsewhere
        return get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


@sync_and_async_middleware
def method_override(get_response: Any) -> Any:
    """Takes the method from a header, as sites do for clients that can only send POST."""

    def change(request: Any) -> None:
        request.method = request.headers.get("X-HTTP-Method-Override", request.method)

    async def amiddleware(request: Any) -> Any:
        change(request)
        return await get_response(request)

    def middleware(request: Any) -> Any:
        change(request)
        return get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


overrides = finishing(lambda request, response: HttpResponse(MADE))


@sync_and_async_middleware
def tenant(get_response: Any) -> Any:
    """Takes a prefix off the path while the view runs."""

    def change(request: Any) -> str:
        before: str = request.path_info
        request.path_info = before.removeprefix("/tenant")
        return before

    async def amiddleware(request: Any) -> Any:
        before = change(request)
        response = await get_response(request)
        request.path_info = before
        return response

    def middleware(request: Any) -> Any:
        before = change(request)
        response = get_response(request)
        request.path_info = before
        return response

    return amiddleware if iscoroutinefunction(get_response) else middleware
