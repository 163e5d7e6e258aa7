"""One site in two spellings: every view as a plain function and as a coroutine function, below /sync/ and /async/."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_exempt, aal_required
from django_ory_mfa.enforcement import arequire_aal, require_aal
from django_ory_mfa.http import OryHttpRequest as HttpRequest
from django_ory_mfa.mixins import AALRequiredMixin


def aal2_once_signed_in(request: Any) -> str:
    return "aal2" if request.ory_session else "aal1"


GUARDS: dict[str, Any] = {
    "default": aal_required,
    "called": aal_required(),
    "aal1": aal_required("aal1"),
    "aal2": aal_required("aal2"),
    "highest": aal_required("highest_available"),
    "fresh": aal_required("aal2", max_age=600),
    "fresh-aal1": aal_required("aal1", max_age=600),
    "fresh-highest": aal_required("highest_available", max_age=600),
    "totp": aal_required("aal2", methods={"totp"}),
    "fresh-totp": aal_required("aal2", max_age=600, methods={"totp"}),
    "upstream": aal_required("aal2", methods={"oidc", "totp"}, max_age=600),
    "requirement": aal_required(requirement=Requirement("aal2", max_age=600)),
    "callable": aal_required(requirement=aal2_once_signed_in),
    "nothing": aal_required(requirement=lambda request: None),
}


def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


async def apage(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("open sesame")


def session_of(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_facts(request.ory_session))


async def asession_of(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_facts(await request.aory_session()))


def required_inside(request: HttpRequest, aal: str) -> JsonResponse:
    return JsonResponse(_facts(require_aal(request, aal)))


async def arequired_inside(request: HttpRequest, aal: str) -> JsonResponse:
    return JsonResponse(_facts(await arequire_aal(request, aal)))


class Later:
    """Asks for aal2 when a template shows it, as a lazy object of a site might."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __str__(self) -> str:
        return str(require_aal(self.request, "aal2").aal)


def required_in_template(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "required.html", {"later": Later(request)})


async def arequired_in_template(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "required.html", {"later": Later(request)})


def tags(request: HttpRequest) -> HttpResponse:
    return render(request, "tags.html")


async def atags(request: HttpRequest) -> HttpResponse:
    await request.aory_session()
    return render(request, "tags.html")


class Page(AALRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request)

    post = get


class AsyncPage(AALRequiredMixin, View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await apage(request)

    post = get


def _facts(session: Any) -> dict[str, Any]:
    return {
        "state": session.state,
        "authenticated": bool(session),
        "signed_in": session.is_signed_in,
        "aal": session.aal,
        "identity": session.identity and session.identity.id,
        "methods": [entry.method for entry in session.authentication_methods],
    }


exempt, aexempt = aal_exempt(csrf_exempt(page)), aal_exempt(csrf_exempt(apage))
