"""The pages of the site. Each says for whom it was made."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tests.neighbours.table import chosen
from tests.neighbours.uses import SHOWN


def page(request: Any, *, reads: bool) -> HttpResponse:
    return _html(f"{request.ory_session.identity.id} is {request.user.get_username()}" if reads else "public")


async def apage(request: Any, *, reads: bool) -> HttpResponse:
    if not reads:
        return _html("public")
    session, user = await request.aory_session(), await request.auser()
    return _html(f"{session.identity.id} is {user.get_username()}")


def used(request: HttpRequest) -> HttpResponse:
    """What the neighbour does in a view."""
    return _html(SHOWN[chosen().package](request))


async def aused(request: Any) -> HttpResponse:
    if chosen().package == "django-otp":
        await request.session.ahas_key("otp_device_id")  # The line that it needs.
    await request.auser()
    return await sync_to_async(used)(request)


def fails(request: Any) -> HttpResponse:
    token = f"{len(request.user.get_username())} letters"
    raise RuntimeError(token)


@csrf_exempt
def password(request: HttpRequest) -> HttpResponse:
    """A sign-in by a password of Django's."""
    found = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    return HttpResponse(status=200 if found else 401)


def _html(text: str) -> HttpResponse:
    return HttpResponse(f"<html><head></head><body><p>{text}</p></body></html>")
