"""Which kind of client sent a request and reads the response: a browser, htmx or a script."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, cast

from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf
from django_ory_mfa.core.credentials import Credential, bearer_token

if TYPE_CHECKING:
    from django.http import HttpRequest

# The attribute of the request that stores what ORY_MFA_CLIENT_KIND returned.
KIND_BY_SITE = "_ory_mfa_client_kind"
# Characters; browsers send some 140.
LONGEST_ACCEPT = 1000


class Kind(StrEnum):
    """The form in which a client reads a response."""

    BROWSER = "browser"
    JSON = "json"
    HTMX = "htmx"


def kind_of(request: HttpRequest, credential: Credential | None) -> Kind:
    """Return the form in which the response to ``request`` is read; ``credential`` is the one that is sent to Ory.

    Raises ``ImproperlyConfigured`` if ``ORY_MFA_CLIENT_KIND`` is invalid or returns an unknown kind.
    """
    by_site = kind_by_site(request)
    if by_site is not None:
        return by_site
    if credential is not None and not credential.is_cookie:
        return Kind.JSON
    if is_htmx(request):
        return Kind.HTMX
    return Kind.JSON if _is_script(request, credential) else Kind.BROWSER


def kind_by_site(request: HttpRequest) -> Kind | None:
    """Return what ``ORY_MFA_CLIENT_KIND`` says of ``request``; None if it is not set, or leaves it to the headers.

    Raises ``ImproperlyConfigured`` if ``ORY_MFA_CLIENT_KIND`` is invalid or returns an unknown kind.
    """
    if not hasattr(request, KIND_BY_SITE):
        site_function = conf.client_kind
        if site_function is None:
            return None
        # None while the function runs, which would otherwise recurse if it reads the session.
        setattr(request, KIND_BY_SITE, None)
        setattr(request, KIND_BY_SITE, _as_kind(site_function(request)))
    return cast("Kind | None", getattr(request, KIND_BY_SITE))


def treat_as_script(request: HttpRequest) -> None:
    """Answer ``request`` in JSON, because it is for an API; ``ORY_MFA_CLIENT_KIND`` is not called."""
    setattr(request, KIND_BY_SITE, Kind.JSON)


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx requests a fragment of a page (https://htmx.org/docs/#request-headers)."""
    by_site = kind_by_site(request)
    return request.headers.get("HX-Request") == "true" if by_site is None else by_site is Kind.HTMX


def _is_script(request: HttpRequest, credential: Credential | None) -> bool:
    headers = request.headers
    return (
        # Browsers send Sec-Fetch-Mode only to https sites and to localhost.
        headers.get("X-Requested-With") == "XMLHttpRequest"
        or headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
        # A token of another issuer: one of Ory's would be the credential. A browser that navigates sends no token.
        or (credential is None and bool(bearer_token(headers.get("Authorization", "")).strip()))
        or not _accepts_page(request)
    )


def _accepts_page(request: HttpRequest) -> bool:
    # SECURITY: anybody may send this header. Django 5.2 takes seconds to parse a long one, and raises for a broken one.
    if len(request.headers.get("Accept", "")) > LONGEST_ACCEPT:
        return False
    try:
        return request.get_preferred_type(["text/html", "application/json"]) == "text/html"
    except (TypeError, ValueError):
        return False


def _as_kind(answer: object) -> Kind | None:
    if answer is None:
        return None
    if not isinstance(answer, str) or answer not in tuple(Kind):
        # SECURITY: the value is not shown; it may be a header of the visitor.
        message = f"ORY_MFA_CLIENT_KIND must return {', '.join(Kind)} or None, not another {type(answer).__name__}."
        raise ImproperlyConfigured(message)
    return Kind(answer)
