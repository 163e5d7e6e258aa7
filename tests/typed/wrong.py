"""What must not check: mypy reports every comment here that has nothing to ignore."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import require_aal
from django_ory_mfa.http import GuardedHttpRequest, OryHttpRequest
from tests.typed.right import dashboard, profile, transfer


def not_guarded(request: OryHttpRequest) -> JsonResponse:
    return JsonResponse(request.ory_session.identity.traits)  # type: ignore[union-attr]  # nobody may be signed in


def djangos_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.ory_session.aal)  # type: ignore[attr-defined]  # that of Django


def misspelt(request: GuardedHttpRequest) -> HttpResponse:
    return HttpResponse(request.ory_session.identity.trait)  # type: ignore[attr-defined]  # traits


def number(request: OryHttpRequest) -> int:
    return 2


async def later_number(request: OryHttpRequest) -> int:
    return 2


def no_request() -> str:
    return "aal2"


aal_required(requirement=number)  # type: ignore[arg-type]  # no level
aal_required(requirement=later_number)  # type: ignore[arg-type]  # no level
aal_required(requirement=no_request)  # type: ignore[arg-type]  # takes no request
aal_required(2)  # type: ignore[call-overload]  # no level
aal_required("aal2", max_age="600")  # type: ignore[call-overload]  # no seconds
aal_required("aal2", 600)  # type: ignore[call-overload]  # by keyword only


def inside(request: HttpRequest) -> HttpResponse:
    require_aal(request, requirement=number)  # type: ignore[arg-type]  # no level
    return HttpResponse()


returns_another: Callable[[GuardedHttpRequest], str] = dashboard  # type: ignore[assignment]  # a JsonResponse
takes_another: Callable[[GuardedHttpRequest], HttpResponse] = transfer  # type: ignore[assignment]  # and a number
is_awaited: Callable[[GuardedHttpRequest], HttpResponse] = profile  # type: ignore[assignment]  # a coroutine
