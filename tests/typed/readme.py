"""The typed example of ``docs/reference/guards.rst``."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.http import GuardedHttpRequest, OryHttpRequest


@aal_required
def dashboard(request: GuardedHttpRequest) -> JsonResponse:
    return JsonResponse(request.ory_session.identity.traits)


def home(request: OryHttpRequest) -> HttpResponse:
    identity = request.ory_session.identity
    return HttpResponse("Welcome." if identity is None else f"Welcome, {identity.id}.")


def needs(request: OryHttpRequest) -> str:
    return "aal1" if request.ory_session.identity is None else "aal2"
