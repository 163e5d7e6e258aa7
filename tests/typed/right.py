"""What has to check."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.generic import TemplateView

from django_ory_mfa import AAL, Decision, Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.enforcement import aevaluate, arequire_aal, evaluate, render, require_aal
from django_ory_mfa.http import GuardedHttpRequest, OryHttpRequest
from django_ory_mfa.mixins import AALRequiredMixin


@aal_required
def dashboard(request: GuardedHttpRequest) -> JsonResponse:
    return JsonResponse(request.ory_session.identity.traits)


@aal_required("aal2", max_age=timedelta(minutes=10), methods={"totp"})
def transfer(request: GuardedHttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"{number} {request.ory_session.identity.id} {request.ory_session.id.upper()}")


@aal_required("aal1")
async def profile(request: GuardedHttpRequest) -> HttpResponse:
    session = await request.aory_session()
    return HttpResponse(session.identity.id)


@aal_required
def with_djangos_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


@aal_exempt
def home(request: OryHttpRequest) -> HttpResponse:
    identity = request.ory_session.identity
    return HttpResponse(identity.id if identity is not None else "Nobody.")


# A decorator keeps the type of the view.
as_decorated: Callable[[GuardedHttpRequest], JsonResponse] = dashboard
with_arguments: Callable[[GuardedHttpRequest, int], HttpResponse] = transfer
as_coroutine: Callable[[GuardedHttpRequest], Coroutine[Any, Any, HttpResponse]] = profile


def level(request: OryHttpRequest) -> str | None:
    return "aal1" if request.ory_session.aal >= AAL.AAL2 else "aal2"


def strict(request: HttpRequest) -> Requirement:
    return Requirement("aal2", max_age=600 if request.method == "POST" else None)


async def later(request: OryHttpRequest) -> str:
    session = await request.aory_session()
    return "aal2" if session.is_signed_in else "aal1"


class Chooser:
    def __call__(self, request: OryHttpRequest) -> str:
        return "aal1"


@aal_required(requirement=level)
def by_function(request: OryHttpRequest) -> HttpResponse:
    return HttpResponse(str(request.ory_session.aal))


@aal_required(requirement=strict)
def by_function_of_djangos_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@aal_required(requirement=later)
async def by_coroutine(request: OryHttpRequest) -> HttpResponse:
    return HttpResponse()


@aal_required(requirement=Chooser())
def by_object(request: OryHttpRequest) -> HttpResponse:
    return HttpResponse()


def report(request: GuardedHttpRequest, number: int) -> HttpResponse:
    session = require_aal(request, "aal2", requirement=None)
    return HttpResponse(f"{session.aal} {request.ory_session.identity.id}")


async def areport(request: GuardedHttpRequest, number: int) -> HttpResponse:
    session = await arequire_aal(request, requirement=later)
    return HttpResponse(f"{session.aal} {request.ory_session.identity.id}")


def judged(request: HttpRequest) -> HttpResponse:
    decision = evaluate(request, "aal2")
    return HttpResponse() if decision.is_allowed else render(request, decision)


async def ajudged(request: HttpRequest) -> HttpResponse:
    decision = await aevaluate(request, Requirement("aal2"))
    return HttpResponse() if decision.is_allowed else render(request, decision)


class Payroll(AALRequiredMixin, View):
    required_aal = "aal2"
    max_age = 3600
    methods = ("totp",)

    def get(self, request: GuardedHttpRequest) -> HttpResponse:
        return HttpResponse(request.ory_session.identity.id)

    def handle_aal_denied(self, decision: Decision) -> HttpResponseBase:
        return super().handle_aal_denied(decision)


class Inbox(AALRequiredMixin, View):
    request: OryHttpRequest

    async def get(self, request: GuardedHttpRequest) -> HttpResponse:
        return HttpResponse(request.ory_session.identity.id)

    async def get_requirement(self) -> Requirement:
        session = await self.request.aory_session()
        return Requirement("aal2" if session.is_signed_in else "aal1")


class Orders(AALRequiredMixin, TemplateView):
    request: GuardedHttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(owner=self.request.ory_session.identity.id, **kwargs)

    def get_requirement(self) -> str:
        return "aal2" if self.request.ory_session.is_signed_in else "aal1"


@method_decorator(aal_required("aal2"), name="dispatch")
class Decorated(View):
    async def get(self, request: GuardedHttpRequest) -> HttpResponse:
        return HttpResponse(request.ory_session.identity.id)


urlpatterns = [
    path("dashboard/", dashboard),
    path("transfer/<int:number>/", transfer),
    path("profile/", profile),
    path("home/", home),
    path("payroll/", Payroll.as_view()),
    path("inbox/", Inbox.as_view(required_aal="aal1")),
    path("decorated/", Decorated.as_view()),
]
