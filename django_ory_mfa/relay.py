"""Hands a session cookie on that Ory issued again when it was asked about the old one."""

from __future__ import annotations

from http.cookies import Morsel
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost

from django_ory_mfa.conf import conf
from django_ory_mfa.core.relay import IssuedCookie, issued_cookie, reaches

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from django_ory_mfa.core.answer import Answer
    from django_ory_mfa.core.credentials import Credential


def cookie_to_relay(request: HttpRequest, credential: Credential, answer: Answer) -> IssuedCookie | None:
    """The session cookie that ``answer`` renews, if ``credential`` is that cookie and browsers may get it from here."""
    if not answer.set_cookies or not credential.is_cookie:
        return None
    cookie = issued_cookie(answer.set_cookies, credential.cookie_name)
    try:
        host = urlsplit(f"//{request.get_host()}").hostname or ""
    except DisallowedHost:
        return None
    browser_host = urlsplit(conf.browser_url).hostname or ""
    return cookie if cookie is not None and reaches(cookie, host, browser_host=browser_host) else None


def relay(response: HttpResponseBase, cookie: IssuedCookie) -> None:
    """Sets ``cookie`` on ``response``, unless the view set one of this name itself."""
    if cookie.name not in response.cookies:
        # SimpleCookie would make a cookie of its own out of the value.
        dict.__setitem__(response.cookies, cookie.name, RelayedMorsel(cookie))


class RelayedMorsel(Morsel):  # type: ignore[type-arg]  # generic in typeshed only
    """A cookie that is sent as Ory wrote it; ``http.cookies`` would drop what it does not know, such as Partitioned."""

    def __init__(self, cookie: IssuedCookie) -> None:
        super().__init__()
        self.set(cookie.name, cookie.value, cookie.value)
        self._header = cookie.header

    def OutputString(self, attrs: Any = None) -> str:  # noqa: N802  # the name of http.cookies
        """The value of the header."""
        return self._header
