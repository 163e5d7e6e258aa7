from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.response import TemplateResponse

from django_ory_mfa.contrib.auth.errors import UserConflict


def described(user: Any) -> dict[str, Any]:
    return {
        "pk": None if user.pk is None else str(user.pk),
        "name": user.get_username(),
        "is_authenticated": user.is_authenticated,
        "backend": getattr(user, "backend", None),
    }


def me(request: HttpRequest) -> HttpResponse:
    return JsonResponse(described(request.user))


async def ame(request: HttpRequest) -> HttpResponse:
    return JsonResponse(described(await request.auser()))


def quiet(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nobody looks")


async def aquiet(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nobody looks")


def twice(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"same": request.user == request.user, "pk": str(request.user.pk)})


async def atwice(request: HttpRequest) -> HttpResponse:
    first, second = await request.auser(), await request.auser()
    return JsonResponse({"same": first == second and request.user == first, "pk": str(request.user.pk)})


def failing(request: HttpRequest) -> HttpResponse:
    assert request.user.is_authenticated
    raise LookupError("the view fails")


async def afailing(request: HttpRequest) -> HttpResponse:
    # ATOMIC_REQUESTS is for sync views; the point is a transaction that somebody rolls back.
    return await sync_to_async(failing)(request)


def in_template(request: HttpRequest) -> HttpResponse:
    return render(request, "users/negated.html")


async def ain_template(request: HttpRequest) -> HttpResponse:
    await request.auser()
    return render(request, "users/negated.html")


def named_in_template(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "users/name.html")


async def anamed_in_template(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "users/name.html")


def in_late_template(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "users/negated.html")


async def ain_late_template(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "users/negated.html")


def swallowing_then_answering(request: HttpRequest) -> HttpResponse:
    """A page whose template swallows an error, in a view that answers the next."""
    page = render(request, "users/negated.html")
    with suppress(ZeroDivisionError):
        described(request.user)
    return page


async def aswallowing_then_answering(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(swallowing_then_answering)(request)


async def atogether(request: HttpRequest) -> HttpResponse:
    users = await asyncio.gather(request.auser(), request.auser(), request.auser())
    return JsonResponse({"users": len({id(user) for user in users})})


async def unawaited(request: HttpRequest) -> HttpResponse:
    return JsonResponse(described(request.user))


async def unawaited_in_template(request: HttpRequest) -> HttpResponse:
    return render(request, "users/negated.html")


def answering(request: HttpRequest) -> HttpResponse:
    try:
        return JsonResponse(described(request.user))
    except UserConflict as error:
        return JsonResponse({"answered": error.reason, "then": described(request.user)})


async def aanswering(request: HttpRequest) -> HttpResponse:
    try:
        return JsonResponse(described(await request.auser()))
    except UserConflict as error:
        return JsonResponse({"answered": error.reason, "then": described(await request.auser())})


def notes(request: Any) -> HttpResponse:
    """Keeps in the Django session who was here, and shows what was there."""
    name, before = request.user.get_username(), request.session.get("notes", [])
    request.session["notes"] = [name]
    return JsonResponse({"user": name, "notes": before})


async def anotes(request: Any) -> HttpResponse:
    name, before = (await request.auser()).get_username(), await request.session.aget("notes", [])
    await request.session.aset("notes", [name])
    return JsonResponse({"user": name, "notes": before})


def late_notes(request: Any) -> HttpResponse:
    before = request.session.get("notes", [])
    return JsonResponse({"before": before, **json.loads(notes(request).content)})


async def alate_notes(request: Any) -> HttpResponse:
    before = await request.session.aget("notes", [])
    return JsonResponse({"before": before, **json.loads((await anotes(request)).content)})


private = login_required(me)
aprivate = login_required(ame)
editors_only = permission_required("auth.change_group")(me)
aeditors_only = permission_required("auth.change_group")(ame)


def session_only(request: Any) -> HttpResponse:
    # Somebody signed in at Ory is known from here on, and no user of Django's yet.
    assert request.ory_session.state
    return JsonResponse({"notes": request.session.get("notes", [])})


async def asession_only(request: Any) -> HttpResponse:
    await request.aory_session()
    return JsonResponse({"notes": await request.session.aget("notes", [])})


def session_then_user(request: Any) -> HttpResponse:
    seen = json.loads(session_only(request).content)
    return JsonResponse({**seen, "user": request.user.get_username()})


async def asession_then_user(request: Any) -> HttpResponse:
    seen = json.loads((await asession_only(request)).content)
    return JsonResponse({**seen, "user": (await request.auser()).get_username()})


def written_then_user(request: Any) -> HttpResponse:
    request.session["notes"] = ["written"]
    return me(request)


async def awritten_then_user(request: Any) -> HttpResponse:
    await request.session.aset("notes", ["written"])
    return await ame(request)


async def blocking_session(request: Any) -> HttpResponse:
    return JsonResponse({"notes": request.session.get("notes", [])})


async def blocking_session_after_user(request: Any) -> HttpResponse:
    await request.auser()
    return await blocking_session(request)


def form(request: Any) -> HttpResponse:
    assert request.ory_session.state
    return HttpResponse(get_token(request))


async def aform(request: Any) -> HttpResponse:
    await request.aory_session()
    return HttpResponse(get_token(request))


def form_then_user(request: Any) -> HttpResponse:
    token = get_token(request)
    assert request.user
    assert request.session.get("notes") is None or request.user
    return HttpResponse(token)


async def aform_then_user(request: Any) -> HttpResponse:
    token = get_token(request)
    await request.auser()
    await request.session.aget("notes")
    return HttpResponse(token)


def session_then_form(request: Any) -> HttpResponse:
    assert session_only(request)
    return form(request)


async def asession_then_form(request: Any) -> HttpResponse:
    await asession_only(request)
    return await aform(request)
