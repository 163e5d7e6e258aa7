"""Build the URLs of Ory's flows, and check which URLs a browser may be sent to.

The flows: https://www.ory.sh/docs/kratos/self-service
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_RETURN_TO = 2000
# Printable ASCII without the backslash, which browsers read as a slash.
PLAIN_URL = re.compile(r"[!-\[\]-~]+")


@dataclass(frozen=True, slots=True)
class Flows:
    """Ory's self-service URLs, as browsers reach them."""

    browser_url: str

    def login(
        self, *, aal2: bool = False, refresh: bool = False, return_to: str | None = None, kind: str = "browser"
    ) -> str:
        """Return the URL to sign in, to step up (``aal2``) or to refresh; ``kind`` is ``browser`` or ``api``."""
        query = {"refresh": "true" if refresh else None, "aal": "aal2" if aal2 else None, "return_to": return_to}
        return self._url(f"login/{kind}", query)

    def settings(self, *, return_to: str | None = None, kind: str = "browser") -> str:
        """Return the URL where a person sets up a second factor."""
        return self._url(f"settings/{kind}", {"return_to": return_to})

    def start(self, kind: str, *, return_to: str | None = None) -> str:
        """Return the URL where a flow of ``kind`` begins: ``registration``, ``recovery`` or ``verification``."""
        return self._url(f"{kind}/browser", {"return_to": return_to})

    def logout(self, token: str, *, return_to: str | None = None) -> str:
        """Return the URL that ends the session of the browser that opens it; ``token`` is Ory's logout token."""
        return self._url("logout", {"token": token, "return_to": return_to})

    @property
    def script(self) -> str:
        """The URL of Ory's script for security keys and passkeys."""
        return f"{self.browser_url}/.well-known/ory/webauthn.js"

    def contains(self, url: str) -> bool:
        """Whether ``url`` is below the self-service URLs of this Ory, whichever way its path is encoded."""
        base, target = _split(f"{self.browser_url}/self-service/"), _split(url)
        if base is None or target is None or origin(base) != origin(target):
            return False
        return target.path.startswith(base.path) and not _climbs(target.path)

    def _url(self, path: str, query: dict[str, str | None]) -> str:
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.browser_url}/self-service/{path}" + (f"?{urlencode(given, quote_via=quote)}" if given else "")


def replace_return_to(url: str, return_to: str | None) -> str:
    """Return ``url`` with its ``return_to`` replaced, or removed if None."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "return_to"]
    if return_to is not None:
        query.append(("return_to", return_to))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote), fragment=""))


def is_return_to(url: str, site: str) -> bool:
    """Whether ``url`` is an absolute URL of ``site`` (an origin) that can be sent to Ory as ``return_to``."""
    base, target = _split(site), _split(url)
    if len(url) > LONGEST_RETURN_TO or base is None or target is None:
        return False
    return origin(base) == origin(target)


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port (RFC 6454), with the scheme's default port filled in."""
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)


def path_of(url: str) -> str:
    """Return the path of ``url``."""
    return urlsplit(url).path


def path_and_query(url: str) -> str:
    """Return ``url`` without its origin and fragment."""
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))


def _split(url: str) -> SplitResult | None:
    """Return the parts of an absolute http(s) URL; None for one that parsers may read differently."""
    if PLAIN_URL.fullmatch(url) is None:
        return None
    try:
        parts = urlsplit(url)
        known = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if known and "@" not in parts.netloc else None


def _climbs(path: str) -> bool:
    lowered = path.lower()
    return ".." in lowered.replace("%2e", ".") or "%2f" in lowered or "%5c" in lowered
