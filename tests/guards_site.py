"""The site of the tests of guards: a view for each way to write a guard, sync and async."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

from django_ory_mfa import Decision, Requirement
from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import aevaluate, arequire_aal, evaluate, require_aal
from django_ory_mfa.mixins import AALRequiredMixin

HIGHEST = "highest_available"
LATER: list[Any] = []  # the session types that the callables below got; a test empties it


def by_header(request: Any) -> Any:
    """What a test asks for: the requirement in the header ``X-Wanted``."""
    LATER.append(type(request.ory_session))
    wanted = request.headers["X-Wanted"]
    return {"none": None, "fresh": Requirement("aal2", max_age=600), "number": 2, "bytes": b"aal2"}.get(wanted, wanted)


async def aby_header(request: Any) -> Any:
    return by_header(request)


class Chooser:
    """A requirement that is an object, as a site with a policy of its own would have."""

    def __call__(self, request: Any) -> str:
        return "aal1"


GUARDS: dict[str, Any] = {
    "bare": aal_required,
    "called": aal_required(),
    "none": aal_required(None),
    "aal1": aal_required("aal1"),
    "aal2": aal_required("aal2"),
    "keyword": aal_required(aal="aal2"),
    "highest": aal_required(HIGHEST),
    "fresh": aal_required("aal2", max_age=600),
    "fresh-aal1": aal_required("aal1", max_age=600),
    "fresh-highest": aal_required(HIGHEST, max_age=600),
    "fresh-default": aal_required(max_age=timedelta(minutes=10)),
    "totp": aal_required("aal2", methods={"totp"}),
    "list": aal_required("aal2", methods=["totp", "webauthn"]),
    "totp-default": aal_required(methods={"totp"}),
    "fresh-totp": aal_required("aal2", max_age=600, methods={"totp"}),
    "password": aal_required("aal1", methods={"password"}),
    "requirement": aal_required(requirement=Requirement("aal2", max_age=600)),
    "text": aal_required(requirement="aal1"),
    "callable": aal_required(requirement=by_header),
    "coroutine": aal_required(requirement=aby_header),
    "object": aal_required(requirement=Chooser()),
    "nothing": aal_required(requirement=lambda request: None),
}
INSIDE: dict[str, dict[str, Any]] = {
    "inside": {"aal": "aal2"},
    "inside-bare": {},
    "inside-aal1": {"aal": "aal1"},
    "inside-highest": {"aal": HIGHEST},
    "inside-fresh": {"aal": "aal2", "max_age": 600},
    "inside-requirement": {"requirement": Requirement("aal2")},
    "inside-callable": {"requirement": by_header},
    "inside-nothing": {"requirement": lambda request: None},
}


def page(request: Any, **kwargs: Any) -> HttpResponse:
    """The page behind every guard."""
    return HttpResponse("open sesame")


async def apage(request: Any, **kwargs: Any) -> HttpResponse:
    """The page behind every guard."""
    return HttpResponse("open sesame")


def inside(**arguments: Any) -> Any:
    def view(request: Any) -> JsonResponse:
        session = require_aal(request, **arguments)
        return JsonResponse({"aal": session.aal, "same": session is request.ory_session})

    return view


def ainside(**arguments: Any) -> Any:
    async def view(request: Any) -> JsonResponse:
        session = await arequire_aal(request, **arguments)
        return JsonResponse({"aal": session.aal, "same": session is request.ory_session})

    return view


@aal_required("aal2")
def argument(request: Any, pk: int) -> HttpResponse:
    return HttpResponse(str(pk))


@aal_required("aal2")
async def aargument(request: Any, pk: int) -> HttpResponse:
    return HttpResponse(str(pk))


class Later:
    """Asks for aal2 when a template shows it."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def __str__(self) -> str:
        return str(require_aal(self.request, "aal2").aal)


def in_template(request: Any) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("level {{ later }}"), {"later": Later(request)})


async def ain_template(request: Any) -> TemplateResponse:
    return in_template(request)


async def arequired_then_template(request: Any) -> TemplateResponse:
    await arequire_aal(request, "aal2")
    return in_template(request)


def judged(request: Any) -> JsonResponse:
    decision = evaluate(request, request.GET["aal"])
    return JsonResponse({"outcome": decision.outcome, "url": decision.url})


async def ajudged(request: Any) -> JsonResponse:
    decision = await aevaluate(request, request.GET["aal"])
    return JsonResponse({"outcome": decision.outcome, "url": decision.url})


async def guarded_by_blocking_code(request: Any) -> HttpResponse:
    return HttpResponse(str(require_aal(request, "aal1")))


@aal_required("aal1")
@aal_required("aal2", max_age=600)
def nested(request: Any) -> HttpResponse:
    return page(request)


@aal_required("aal1")
@aal_required("aal2", max_age=600)
async def anested(request: Any) -> HttpResponse:
    return await apage(request)


class Page(AALRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request)

    post = get


class AsyncPage(AALRequiredMixin, View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await apage(request)

    post = get


class Attributes(Page):
    required_aal = "aal2"
    max_age = 600
    methods = ("totp",)


class AsyncAttributes(AsyncPage):
    required_aal = "aal2"
    max_age = 600
    methods = ("totp",)


class Computed(Page):
    def get_requirement(self) -> Requirement:
        return Requirement("aal1" if self.request.GET.get("easy") else "aal2")


class AsyncComputed(AsyncPage):
    def get_requirement(self) -> Requirement:
        return Requirement("aal1" if self.request.GET.get("easy") else "aal2")


class Called(Page):
    def get_requirement(self) -> Any:
        return by_header


class AsyncCalled(AsyncPage):
    def get_requirement(self) -> Any:
        return aby_header


class Denied(Page):
    def handle_aal_denied(self, decision: Decision) -> HttpResponse:
        return HttpResponse(decision.outcome, status=418)


class AsyncDenied(AsyncPage):
    async def handle_aal_denied(self, decision: Decision) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(decision.outcome, status=418)


class SyncDenied(AsyncPage):
    def handle_aal_denied(self, decision: Decision) -> HttpResponse:
        return HttpResponse(decision.outcome, status=418)


class Impatient(View):
    """Answers without a coroutine although its view is async, as Django's own mixins do."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return HttpResponse("at once")


class AsyncImpatient(AALRequiredMixin, Impatient):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await apage(request)


@method_decorator(aal_required("aal2"), name="dispatch")
class Decorated(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request)


class Half(View):
    """Only what changes something is guarded."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request)

    @method_decorator(aal_required("aal2"))
    def post(self, request: HttpRequest) -> HttpResponse:
        return page(request)


CLASSES: dict[str, tuple[Any, Any]] = {
    "class": (Page, AsyncPage),
    "class-attributes": (Attributes, AsyncAttributes),
    "class-computed": (Computed, AsyncComputed),
    "class-called": (Called, AsyncCalled),
    "class-denied": (Denied, AsyncDenied),
    "class-sync-denied": (Denied, SyncDenied),
}


def spelling(a: str) -> list[Any]:
    view, build = (apage, ainside) if a else (page, inside)
    return [
        *(path(name, guard(view)) for name, guard in GUARDS.items()),
        *(path(name, build(**arguments)) for name, arguments in INSIDE.items()),
        *(path(name, classes[bool(a)].as_view()) for name, classes in CLASSES.items()),
        path("class-aal1", CLASSES["class"][bool(a)].as_view(required_aal="aal1")),
        path("as-view", aal_required("aal2")(AsyncPage.as_view(required_aal="aal1") if a else Decorated.as_view())),
        path("judged", ajudged if a else judged),
        path("in-template", ain_template if a else in_template),
        path("nested", anested if a else nested),
        path("nested-highest", GUARDS["highest"](GUARDS["highest"](view))),
        path("argument/<int:pk>", aargument if a else argument),
        path("decorated", Decorated.as_view()),
        path("half", Half.as_view()),
    ]


urlpatterns = [
    path("sync/", include(spelling(""))),
    path("async/", include(spelling("a"))),
    path("async/impatient", AsyncImpatient.as_view(required_aal="aal2")),
    path("async/blocking", guarded_by_blocking_code),
    path("async/required-then-template", arequired_then_template),
]
