"""Operations of django-ninja that ask for a level in every way there is, and some that answer by themselves."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.decorators import decorate_view

from django_ory_mfa.decorators import aal_required
from django_ory_mfa.enforcement import AALRequired, arequire_aal, require_aal

api = NinjaAPI(urls_namespace="mfa", docs_url=None)
handled = NinjaAPI(urls_namespace="mfa-handled", docs_url=None)
ARGUMENTS: dict[str, Any] = {"aal": "aal2", "max_age": 600}
guard = aal_required(**ARGUMENTS)


@api.get("/sync/decorated")
@guard
def decorated(request: Any) -> Any:
    return {"open": "sesame"}


@api.get("/async/decorated")
@guard
async def adecorated(request: Any) -> Any:
    return {"open": "sesame"}


@api.get("/sync/text")
@guard
def text(request: Any, name: str, times: int = 1) -> Any:
    return name * times


@api.get("/async/text")
@guard
async def atext(request: Any, name: str, times: int = 1) -> Any:
    return name * times


@api.get("/sync/list", response=list[int])
@guard
def numbers(request: Any) -> Any:
    return ["1", 2]


@api.get("/async/list", response=list[int])
@guard
async def anumbers(request: Any) -> Any:
    return ["1", 2]


@api.get("/sync/response")
@guard
def response(request: Any) -> Any:
    return HttpResponse("open sesame", headers={"Cache-Control": "public"})


@api.get("/async/response")
@guard
async def aresponse(request: Any) -> Any:
    return HttpResponse("open sesame", headers={"Cache-Control": "public"})


@api.get("/sync/around")
@decorate_view(guard)
def around(request: Any) -> Any:
    return {"open": "sesame"}


@api.get("/async/around")
@decorate_view(guard)
async def aaround(request: Any) -> Any:
    return {"open": "sesame"}


@api.api_operation(["GET", "POST"], "/sync/inside")
def inside(request: Any) -> Any:
    require_aal(request, **ARGUMENTS)
    return {"open": "sesame"}


@api.api_operation(["GET", "POST"], "/async/inside")
async def ainside(request: Any) -> Any:
    await arequire_aal(request, **ARGUMENTS)
    return {"open": "sesame"}


@api.get("/sync/falls-back")
def falls_back(request: Any) -> Any:
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired:
        return {"open": "a crack"}
    return {"open": "sesame"}


@api.get("/async/falls-back")
async def afalls_back(request: Any) -> Any:
    try:
        await arequire_aal(request, **ARGUMENTS)
    except AALRequired:
        return {"open": "a crack"}
    return {"open": "sesame"}


@api.get("/sync/breaks")
def breaks(request: Any) -> Any:
    try:
        require_aal(request, **ARGUMENTS)
    except AALRequired as refusal:
        raise RuntimeError("a bug of the site") from refusal


@api.get("/async/breaks")
async def abreaks(request: Any) -> Any:
    try:
        await arequire_aal(request, **ARGUMENTS)
    except AALRequired as refusal:
        raise RuntimeError("a bug of the site") from refusal


@handled.exception_handler(PermissionDenied)
def refuse(request: Any, exc: PermissionDenied) -> Any:
    return handled.create_response(request, {"errors": [str(exc)]}, status=403)


handled.get("/sync/inside")(inside)
handled.get("/async/inside")(ainside)

urlpatterns = [path("", api.urls), path("handled/", handled.urls)]
