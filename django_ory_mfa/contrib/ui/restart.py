"""Send the browser to Ory for a new flow if Ory does not return the one in the URL."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from django_ory_mfa.answer.pages import debug_hints
from django_ory_mfa.conf import conf
from django_ory_mfa.contrib.ui.frame import frame
from django_ory_mfa.core.answer import value_at
from django_ory_mfa.core.flows import replace_return_to

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.answer import Answer

# No session; a flow of another browser or person, or a second factor is needed first; unknown; expired.
STATUSES = {401, 403, 404, 410}
COOKIE = "ory_mfa_ui_restart"
# The browser comes back with a new flow at once. A second failure within this time means a loop, for example because
# Ory's cookies and this page are on different host names.
SECONDS = 10
# What the cookie says: that Ory has the flow no more, or that something else is amiss.
GONE, OTHER = "gone", "1"


def start_url(request: HttpRequest, kind: str) -> str:
    """Return the URL where Ory starts a flow of ``kind``, with the options in the query of ``request``."""
    return_to = request.GET.get("return_to")
    if kind == "settings":
        return conf.flows.settings(return_to=return_to)
    if kind != "login":
        return conf.flows.start(kind, return_to=return_to)
    aal2, refresh = request.GET.get("aal") == "aal2", request.GET.get("refresh") == "true"
    return conf.flows.login(aal2=aal2, refresh=refresh, return_to=return_to)


def restart(request: HttpRequest, kind: str, answer: Answer) -> HttpResponse:
    """Redirect the browser to Ory for a new flow; if it has just been there, show a page with the link instead."""
    url = _way_to_a_flow(request, kind, answer)
    if request.COOKIES.get(COOKIE):
        context = {"start_url": url, **debug_hints(), **frame(request)}
        response: HttpResponse = TemplateResponse(request, "ory_mfa/ui/restart.html", context, status=403)
        return forget_restart(request, response)
    response = HttpResponseRedirect(url)
    response.set_cookie(
        COOKIE,
        GONE if answer.status in (404, 410) else OTHER,
        max_age=SECONDS,
        path=_cookie_path(request),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def is_in_place_of_another(request: HttpRequest) -> bool:
    """Whether the visitor came here for a flow that Ory has no more."""
    # A forged cookie only adds a sentence to the page of the visitor who forged it.
    return request.COOKIES.get(COOKIE) == GONE


def forget_restart(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Allow the next restart, by deleting the cookie."""
    if request.COOKIES.get(COOKIE):
        response.delete_cookie(COOKIE, path=_cookie_path(request), samesite="Lax")
    return response


def _cookie_path(request: HttpRequest) -> str:
    # SECURITY: the visitor may have chosen the beginning of the path, and it is written into a header.
    return quote(request.path)


def _way_to_a_flow(request: HttpRequest, kind: str, answer: Answer) -> str:
    body = answer.json_object()
    own = start_url(request, kind)
    if answer.status == 401:
        return conf.flows.login(return_to=_way_back(request, kind))
    if answer.status == 403:
        required = _allowed(body.get("redirect_browser_to"))
        return replace_return_to(required, _way_back(request, kind)) if required else own
    return_to = value_at(body, "error", "details", "return_to")
    given = _allowed(value_at(body, "error", "details", "redirect_to"))
    return given or (replace_return_to(own, return_to) if isinstance(return_to, str) else own)


def _way_back(request: HttpRequest, kind: str) -> str | None:
    """Return the ``return_to`` of a sign-in that has to come before the flow."""
    return conf.flows.settings() if kind == "settings" else request.GET.get("return_to")


def _allowed(url: object) -> str | None:
    # SECURITY: Ory's answers may contain other URLs; the browser is only sent to flows of Ory.
    return url if isinstance(url, str) and conf.flows.contains(url) else None
