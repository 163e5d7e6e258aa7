"""The decorators on class-based views: dispatch, handlers and whole classes, sync and async, on WSGI and on ASGI."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa import Decision, Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.http import OryHttpRequest
from django_ory_mfa.mixins import AALRequiredMixin
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.testing import FakeOry
from tests.site import Site, location

pytestmark = pytest.mark.urls(__name__)

POLICY = "django_ory_mfa.middleware.AALRequiredMiddleware"
STEP_UP = "http://127.0.0.1:4433/self-service/login/browser?aal=aal2&return_to="
aal2 = aal_required("aal2")


async def coroutine_requirement(request: Any) -> str:
    return "aal2"


class AsyncView(View):
    async def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse("open sesame")

    post = get


class SyncView(View):
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse("open sesame")

    post = get


class Mixed(AALRequiredMixin, AsyncView):
    required_aal = "aal2"


class SyncMixed(AALRequiredMixin, SyncView):
    required_aal = "aal2"


@method_decorator(aal2, name="dispatch")
class Dispatch(AsyncView):
    pass


@method_decorator(aal2, name="dispatch")
class SyncDispatch(SyncView):
    pass


@method_decorator([never_cache, aal2], name="dispatch")
class Listed(AsyncView):
    pass


@method_decorator([aal2, csrf_exempt], name="dispatch")
class Inside(AsyncView):
    pass


@method_decorator([aal2, aal_required("aal1")], name="dispatch")
class Twice(AsyncView):
    pass


@method_decorator(aal_required("aal1"), name="dispatch")
class Inherited(Dispatch):
    pass


@method_decorator(aal_required(requirement=coroutine_requirement), name="dispatch")
class ByCoroutine(AsyncView):
    pass


class Overridden(Dispatch):
    async def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return HttpResponse("open sesame")


class OwnDispatch(AsyncView):
    @method_decorator(aal2)
    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return await super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # the handlers are async


@method_decorator(aal2, name="dispatch")
class Impatient(AsyncView):
    """Answers at once although its handlers are async, as Django's own mixins do."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return HttpResponse("open sesame")


class Handler(View):
    """A guard on a single handler."""

    @method_decorator(aal2)
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")

    async def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("not guarded")


class SyncHandler(View):
    @method_decorator(aal2)
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("not guarded")


@method_decorator(aal2, name="get")
class NamedHandler(AsyncView):
    pass


class Callable:
    """A view that is an object with a coroutine for a ``__call__``."""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")


class Marked(Callable):
    def __init__(self) -> None:
        markcoroutinefunction(self)


class SyncCallable:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("open sesame")


async def with_a_word(word: str, request: HttpRequest) -> HttpResponse:
    return HttpResponse(word)


GUARDED: dict[str, Any] = {
    "mixin": Mixed.as_view(),
    "sync-mixin": SyncMixed.as_view(),
    "dispatch": Dispatch.as_view(),
    "sync-dispatch": SyncDispatch.as_view(),
    "as-view": aal2(AsyncView.as_view()),
    "listed": Listed.as_view(),
    "inside": Inside.as_view(),
    "twice": Twice.as_view(),
    "inherited": Inherited.as_view(),
    "by-coroutine": ByCoroutine.as_view(),
    "overridden": Overridden.as_view(),
    "own-dispatch": OwnDispatch.as_view(),
    "impatient": Impatient.as_view(),
    "handler": Handler.as_view(),
    "sync-handler": SyncHandler.as_view(),
    "named-handler": NamedHandler.as_view(),
    "object": aal2(Callable()),
    "marked-object": aal2(Marked()),
    "sync-object": aal2(SyncCallable()),
    "partial": aal2(functools.partial(with_a_word, "open sesame")),
    "partial-of-an-object": aal2(functools.partial(Callable())),
}


@method_decorator(aal_exempt, name="dispatch")
class Exempt(AsyncView):
    pass


@method_decorator([never_cache, aal_exempt], name="dispatch")
class ListedExempt(AsyncView):
    pass


@method_decorator(aal_exempt, name="dispatch")
class SyncExempt(SyncView):
    pass


EXEMPT: dict[str, Any] = {
    "exempt": Exempt.as_view(),
    "listed-exempt": ListedExempt.as_view(),
    "sync-exempt": SyncExempt.as_view(),
    "exempt-object": aal_exempt(Callable()),
}


class AsyncDenied(Mixed):
    async def handle_aal_denied(self, decision: Decision) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(decision.outcome, status=418)


class SyncDenied(SyncMixed):
    async def handle_aal_denied(self, decision: Decision) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(decision.outcome, status=418)


class Cacheable(SyncMixed):
    """A site that does not think of caches."""

    def handle_aal_denied(self, decision: Decision) -> HttpResponse:
        return HttpResponse(decision.outcome, status=418, headers={"Cache-Control": "public, max-age=600"})


class AsyncCacheable(Mixed):
    def handle_aal_denied(self, decision: Decision) -> HttpResponse:
        return HttpResponse(decision.outcome, status=418, headers={"Cache-Control": "public, max-age=600"})


class Speechless(SyncMixed):
    def handle_aal_denied(self, decision: Decision) -> Any:
        return None


class AsyncRequirement(Mixed):
    request: OryHttpRequest

    async def get_requirement(self) -> Requirement:
        session = await self.request.aory_session()
        return Requirement("aal2" if session.is_signed_in else "aal1")


class SyncRequirement(SyncMixed):
    request: OryHttpRequest

    async def get_requirement(self) -> Requirement:
        session = await self.request.aory_session()
        return Requirement("aal2" if session.is_signed_in else "aal1")


urlpatterns = [
    *(path(name, view) for name, view in {**GUARDED, **EXEMPT}.items()),
    path("plain", AsyncView.as_view()),
    path("denied", AsyncDenied.as_view()),
    path("sync-denied", SyncDenied.as_view()),
    path("cacheable", Cacheable.as_view()),
    path("async-cacheable", AsyncCacheable.as_view()),
    path("speechless", Speechless.as_view()),
    path("async-requirement", AsyncRequirement.as_view()),
    path("sync-requirement", SyncRequirement.as_view()),
]


def is_open(response: Any) -> bool:
    return bool(response.status_code == 200 and response.content == b"open sesame")


@pytest.mark.parametrize("name", GUARDED)
def test_who_lacks_the_factor_is_sent_to_step_up(site: Site, ory: FakeOry, name: str) -> None:
    ory.login(site, aal="aal1", second_factors={"totp"})

    response = site.get(f"/{name}")

    assert (response.status_code, location(response)[: len(STEP_UP)]) == (302, STEP_UP)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", GUARDED)
def test_script_without_a_session_is_refused(site: Site, ory: FakeOry, name: str) -> None:
    response = site.json(f"/{name}")

    assert (response.status_code, json.loads(response.content)["error"]["id"]) == (401, "session_inactive")


@pytest.mark.parametrize("name", GUARDED)
def test_who_has_the_factor_is_let_in(site: Site, ory: FakeOry, name: str) -> None:
    ory.login(site)

    response = site.get(f"/{name}")

    assert is_open(response)
    assert "private" in response.headers["Cache-Control"]
    assert response.headers["Vary"] == "Cookie, Authorization, X-Session-Token"


@pytest.mark.parametrize("method", ["options", "put"])
@pytest.mark.parametrize("name", ["mixin", "dispatch", "listed", "twice", "as-view"])
def test_method_that_the_view_does_not_have_is_guarded(site: Site, ory: FakeOry, name: str, method: str) -> None:
    """Django answers these without a handler of the view."""
    assert site.request(method, f"/{name}", headers={"Accept": "application/json"}).status_code == 401
    ory.login(site)

    response = site.request(method, f"/{name}")

    assert (response.status_code, response.headers["Allow"]) == (
        200 if method == "options" else 405,
        "GET, POST, HEAD, OPTIONS",
    )


@pytest.mark.parametrize("name", ["handler", "sync-handler"])
def test_other_handlers_of_the_class_are_not_guarded(site: Site, ory: FakeOry, name: str) -> None:
    assert site.post(f"/{name}").content == b"not guarded"


@pytest.mark.parametrize("name", ["dispatch", "listed", "inside", "twice", "overridden"])
def test_decorated_class_stays_async_and_shows_what_it_asks_for(name: str) -> None:
    view = GUARDED[name]

    assert iscoroutinefunction(view)
    assert view.ory_mfa_requirement == Requirement("aal2")


def test_decorated_sync_class_stays_sync() -> None:
    assert not iscoroutinefunction(GUARDED["sync-dispatch"])


@pytest.fixture
def policy(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, POLICY]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("name", EXEMPT)
def test_exempt_class_is_free_of_the_policy(site: Site, ory: FakeOry, name: str) -> None:
    assert site.json("/plain").status_code == 401

    assert is_open(site.get(f"/{name}"))
    assert ory.calls == []


@pytest.mark.usefixtures("policy")
def test_policy_and_decorated_class_agree(site: Site, ory: FakeOry) -> None:
    assert site.json("/dispatch").status_code == 401
    ory.login(site)

    assert is_open(site.get("/dispatch"))


# What a decorator cannot be put on


@pytest.mark.parametrize(
    "decorator",
    [aal_required, aal_required("aal2"), aal_required(), aal_required("aal2", max_age=600)],
    ids=["bare", "level", "called", "age"],
)
@pytest.mark.parametrize("view", [AsyncView, SyncView, Mixed])
def test_decorator_on_a_class_is_an_error_that_names_the_mixin(decorator: Any, view: Any) -> None:
    with pytest.raises(TypeError, match="AALRequiredMixin"):
        decorator(view)


def test_exemption_of_a_class_is_an_error_that_says_how() -> None:
    with pytest.raises(TypeError, match=r'method_decorator\(aal_exempt, name="dispatch"\)'):
        aal_exempt(AsyncView)


# The hooks of the mixin


@pytest.mark.parametrize("path", ["/denied", "/sync-denied"])
def test_coroutine_may_answer_a_refusal(site: Site, ory: FakeOry, path: str) -> None:
    response = site.get(path)

    assert (response.status_code, response.content) == (418, b"login")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/cacheable", "/async-cacheable"])
def test_refusal_of_the_site_is_never_stored(site: Site, ory: FakeOry, path: str) -> None:
    response = site.get(path)

    assert (response.status_code, response.headers["Cache-Control"]) == (418, "no-store")


def test_hook_that_answers_nothing_opens_nothing(site: Site, ory: FakeOry) -> None:
    with pytest.raises(ValueError, match="instead of an HttpResponse"):
        site.get("/speechless")


@pytest.mark.parametrize("path", ["/async-requirement", "/sync-requirement"])
def test_coroutine_may_say_what_a_view_asks_for(site: Site, ory: FakeOry, path: str) -> None:
    assert site.json(path).status_code == 401
    ory.login(site, aal="aal1")
    assert site.json(path).status_code == 403
    ory.login(site)

    assert is_open(site.get(path))


# Generators


def generator(request: Any) -> Any:
    yield "open sesame"


@pytest.mark.parametrize("aal", ["aal2", None])
def test_generator_is_no_response_and_is_left_to_django(ory: FakeOry, aal: str | None) -> None:
    request: Any = RequestFactory().get("/", headers={"Accept": "application/json"})
    attach(request)
    if aal:
        assert aal2(generator)(request).status_code == 401
        return

    assert list(aal_required(requirement=lambda request: None)(generator)(request)) == ["open sesame"]
