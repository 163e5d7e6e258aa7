"""Ory's guide carried over to Django as it stands: one call for each request, with all cookies, and no time limit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import requests
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from ory_client import FrontendApi

# As many as there are threads that may ask at once.
CONNECTIONS = 32
# From the cookies of a request to its level and traits; raises what the HTTP library raises.
Ask = Callable[[str], tuple[str, object]]


def ask_with_requests(cookies: str) -> tuple[str, object]:
    """By a session of requests, as kept for the whole process."""
    answer = _session().get(f"{settings.ORY_MFA_SDK_URL}/sessions/whoami", headers={"Cookie": cookies})
    answer.raise_for_status()
    body = answer.json()
    return body["authenticator_assurance_level"], body["identity"]["traits"]


def ask_with_ory_client(cookies: str) -> tuple[str, object]:
    """By Ory's SDK."""
    session = _frontend(settings.ORY_MFA_SDK_URL).to_session(cookie=cookies)
    assert session.authenticator_assurance_level is not None
    assert session.identity is not None
    return session.authenticator_assurance_level.value, session.identity.traits


@cache
def _session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS))
    return session


@cache
def _frontend(url: str) -> FrontendApi:
    # Imported here because it costs two seconds, which servers of other cases should not wait for.
    import ory_client

    configuration = ory_client.Configuration(host=url)
    configuration.connection_pool_maxsize = CONNECTIONS
    return ory_client.FrontendApi(ory_client.ApiClient(configuration))


def guard(ask: Ask) -> Callable[[Any], Any]:
    """A decorator as in the guide: Ory is asked, and whoever is not aal2 is sent away."""

    def decorate(view: Any) -> Any:
        if iscoroutinefunction(view):

            @wraps(view)
            async def aguarded(request: HttpRequest) -> HttpResponse:
                response: HttpResponse = await sync_to_async(refusal)(request, ask) or await view(request)
                return response

            return aguarded

        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            response: HttpResponse = refusal(request, ask) or view(request)
            return response

        return guarded

    return decorate


def refusal(request: Any, ask: Ask) -> HttpResponse | None:
    """The redirect for whoever may not; None if the view may run."""
    login = f"{settings.ORY_MFA_SDK_URL}/self-service/login/browser"
    try:
        aal, request.traits = ask(request.META.get("HTTP_COOKIE", ""))
    except Exception:
        return HttpResponseRedirect(login)
    return None if aal == "aal2" else HttpResponseRedirect(f"{login}?aal=aal2")


requests_required = guard(ask_with_requests)
ory_client_required = guard(ask_with_ory_client)


class NaiveMiddleware:
    """The guide's middleware for a whole site: every page asks Ory first."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response, once Ory has answered."""
        response: HttpResponse = refusal(request, ask_with_requests) or self.get_response(request)
        return response
