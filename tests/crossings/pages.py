"""The pages of the site. Each shows who is there, so that a page in the wrong hands can be told."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.views.csrf import csrf_failure as django_csrf_failure

MEMBERS_ONLY = "members only"
ERRORS: dict[int, type[Exception]] = {400: SuspiciousOperation, 403: PermissionDenied, 404: Http404, 500: RuntimeError}


def who(request: Any) -> str:
    """Who is there, by the Ory session."""
    identity = request.ory_session.identity
    return str(identity.id) if identity else "nobody"


def named(request: Any) -> str:
    """Who is there, by a cookie: depends on the visitor, and does not look at the Ory session."""
    return str(request.COOKIES.get("me", "nobody"))


def remembered(request: Any, name: str) -> str:
    """Who came first with this Django session, whose user it has, and for whom its messages are; empty without."""
    first = request.session.setdefault("first", name) if hasattr(request, "session") else ""
    user = request.user.get_username() if hasattr(request, "user") else ""
    return f"{first} {user} {told(request, name)}"


async def aremembered(request: Any, name: str) -> str:
    first = await request.session.asetdefault("first", name) if hasattr(request, "session") else ""
    user = (await request.auser()).get_username() if hasattr(request, "auser") else ""
    return f"{first} {user} {told(request, name)}"


def told(request: Any, name: str) -> str:
    """The messages that were left for this visitor; one more is left for the next page."""
    waiting = " ".join(str(message) for message in messages.get_messages(request))
    messages.info(request, name, fail_silently=True)
    return waiting


def shows(request: Any, **kwargs: Any) -> HttpResponse:
    name = who(request)
    return HttpResponse(f"{MEMBERS_ONLY}: {name} {remembered(request, name)}")


async def ashows(request: Any, **kwargs: Any) -> HttpResponse:
    await request.aory_session()
    name = who(request)
    return HttpResponse(f"{MEMBERS_ONLY}: {name} {await aremembered(request, name)}")


def names(request: Any, **kwargs: Any) -> HttpResponse:
    name = named(request)
    return HttpResponse(f"{MEMBERS_ONLY}: {name} {remembered(request, name)}")


async def anames(request: Any, **kwargs: Any) -> HttpResponse:
    name = named(request)
    return HttpResponse(f"{MEMBERS_ONLY}: {name} {await aremembered(request, name)}")


def late(request: Any) -> TemplateResponse:
    return TemplateResponse(request, "who.html", {"reads": True})


async def alate(request: Any) -> TemplateResponse:
    return late(request)


def page(mode: str, *, reads: bool) -> Any:
    """The page as a function of one mode, which reads the Ory session or only the cookie."""
    if mode == "async":
        return ashows if reads else anames
    return shows if reads else names


def fails(request: Any, status: int, *, reads: bool) -> HttpResponse:
    if reads:
        who(request)
    raise ERRORS[status]


async def afails(request: Any, status: int, *, reads: bool) -> HttpResponse:
    if reads:
        await request.aory_session()
    raise ERRORS[status]


def signed(view: Any, *, reads: bool) -> Any:
    """``view``, whose body cannot show the visitor, with the visitor in a header."""

    def signing(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        response.headers["X-For"] = f"{MEMBERS_ONLY}: {who(request) if reads else named(request)}"
        return response

    return signing


csrf_failure = partial(django_csrf_failure, template_name="csrf_failure.html")


class Signing:
    """``signed`` for classes."""

    reads = True

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return signed(super().dispatch, reads=self.reads)(request, *args, **kwargs)  # type: ignore[misc]
