"""Pass a session cookie on to the browser when Ory renewed it in its answer to this site."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import Morsel
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost

from django_ory_mfa.conf import conf
from django_ory_mfa.core.set_cookie import IssuedCookie, is_timely, issued_cookie, reaches
from django_ory_mfa.request.method import SAFE_METHODS, is_head_or_prefetch
from django_ory_mfa.runtime.clock import monotonic
from django_ory_mfa.session.shared_response import with_own_cookies

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.credentials import Credential


@dataclass(frozen=True, slots=True)
class RenewedCookie:
    """A session cookie that Ory renewed, and when Ory's answer arrived (monotonic seconds)."""

    cookie: IssuedCookie
    answered_at: float


def cookie_to_relay(request: HttpRequest, credential: Credential, answer: Answer) -> RenewedCookie | None:
    """Return the session cookie that ``answer`` renews, if ``credential`` is that cookie and this host may set it."""
    cookie = issued_cookie(answer.set_cookies, credential.cookie_name) if credential.is_cookie else None
    if cookie is None:
        return None
    try:
        host = urlsplit(f"//{request.get_host()}").hostname or ""
    except DisallowedHost:
        return None
    browser_host = urlsplit(conf.browser_url).hostname or ""
    return RenewedCookie(cookie, monotonic()) if reaches(cookie, host, browser_host=browser_host) else None


def relay(request: HttpRequest, response: HttpResponseBase, renewed: RenewedCookie) -> HttpResponseBase:
    """Return a copy of ``response`` with ``renewed``; itself if it is too late, or it sets a cookie of this name."""
    cookie = renewed.cookie
    is_in_time = is_timely(monotonic() - renewed.answered_at, is_navigation=_is_navigation(request))
    if not is_in_time or cookie.name in response.cookies:
        return response
    own = with_own_cookies(response)
    if own is None:
        return response
    # Not response.set_cookie(), which would build a new header.
    own.cookies[cookie.name] = RelayedMorsel(cookie)
    return own


def _is_navigation(request: HttpRequest) -> bool:
    """Whether the browser will show the response as its next page."""
    if is_head_or_prefetch(request):
        return False
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    # Browsers omit Sec-Fetch-Mode on plain http. Scripts that fetch HTML there usually identify themselves.
    # ORY_MFA_CLIENT_KIND is not called: it may raise, and the response is already made.
    is_script = "HX-Request" in request.headers or "X-Requested-With" in request.headers
    return request.method in SAFE_METHODS and "text/html" in request.headers.get("Accept", "") and not is_script


class RelayedMorsel(Morsel):  # type: ignore[type-arg]  # generic in typeshed only
    """A cookie that is sent exactly as Ory wrote it; ``http.cookies`` drops unknown attributes, such as Partitioned."""

    def __init__(self, cookie: IssuedCookie) -> None:
        super().__init__()
        self.set(cookie.name, cookie.value, cookie.value)
        self._header = cookie.header

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802  # the name of http.cookies
        """Return the value of the ``Set-Cookie`` header."""
        return self._header
