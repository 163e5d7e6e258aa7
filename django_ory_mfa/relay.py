"""Hands a session cookie on that Ory issued again when it was asked about the old one."""

from __future__ import annotations

from http.cookies import Morsel
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django_ory_mfa.conf import conf
from django_ory_mfa.core.relay import IssuedCookie, reaches

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


def relay(request: HttpRequest, response: HttpResponseBase, cookie: IssuedCookie) -> None:
    """Sets ``cookie`` on ``response``, if it is for this host and the view did not set it itself."""
    host, browser_host = urlsplit(f"//{request.get_host()}").hostname, urlsplit(conf.browser_url).hostname
    if cookie.name not in response.cookies and reaches(cookie, host or "", browser_host=browser_host or ""):
        # SimpleCookie would make a cookie of its own out of the value.
        dict.__setitem__(response.cookies, cookie.name, RelayedMorsel(cookie))


class RelayedMorsel(Morsel):  # type: ignore[type-arg]  # generic in typeshed only
    """A cookie that is sent as Ory wrote it; ``http.cookies`` would drop what it does not know, such as Partitioned."""

    def __init__(self, cookie: IssuedCookie) -> None:
        super().__init__()
        self.set(cookie.name, cookie.value, cookie.value)
        self._header = cookie.header

    def output(self, attrs: Any = None, header: str = "Set-Cookie:") -> str:
        """The header line, or without ``header`` its value."""
        return f"{header} {self._header}".strip()
