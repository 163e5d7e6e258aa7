"""The facts that the checks work with: no credentials, no personal data, no control characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """The settings of Django."""

    sdk_url: str
    browser_url: str
    #: The URLs that people open this site at, with the script prefix, without a trailing slash; empty if unknown.
    addresses: tuple[str, ...]
    #: The name of Ory's session cookie; None if it is taken from the request.
    session_cookie: str | None
    #: Its name on Ory Network for this SDK URL; None elsewhere.
    network_cookie: str | None
    #: ORY_MFA_WHOAMI_REQUIRED_AAL and ORY_MFA_SETTINGS_REQUIRED_AAL.
    declared_whoami_aal: str | None
    declared_settings_aal: str | None
    #: The path in ORY_MFA_DEFAULT_RETURN_TO; None if it is not set.
    default_return_to: str | None = None

    def default_page(self, address: str) -> str:
        """Return the page of the site at ``address`` for people who cannot return to the page they were on."""
        if self.default_return_to is None:
            return f"{address}/"
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}{self.default_return_to}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: its status and Ory's ``error.id``; status 0 and a ``failure`` if there was no answer."""

    status: int
    failure: str | None = None
    error_id: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The rate limit of Ory Network: requests in this period, and how many are left."""

    limit: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Cookie:
    """The attributes of Ory's session cookie, or of its CSRF cookie, which are the same by default."""

    domain: str | None = None
    is_secure: bool = False
    same_site: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What Ory answers to the session of a test account."""

    whoami: Seen
    aal: str | None
    settings: Seen
    #: Whether the settings page shows a second factor; None if unknown.
    enrolled: bool | None
    #: Whether the doctor signed in as a browser, so that it has seen Ory's session cookie.
    is_signed_in: bool = False
    #: The answer to whoami with an unreadable cookie beside the token, None if not asked, and the name of that cookie.
    with_cookie: Seen | None = None
    cookie_name: str = ""
    #: The kinds of credentials that the admin API lists; None if not asked or not found.
    credentials: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts; None where nothing was asked."""

    site: Site
    whoami: Seen
    is_ory: bool
    ready: Seen | None = None
    #: Seconds that Ory's clock is ahead of the local one; negative if behind.
    skew: float | None = None
    rate_limit: RateLimit | None = None
    #: The seconds for which Ory lets its answers be cached.
    cacheable: int | None = None
    #: The answer to a login flow without a session.
    login: Seen | None = None
    #: Ory's own base URL, from the action of a form.
    own_url: str | None = None
    cookie: Cookie | None = None
    #: Pages of this site, and the answers to login flows with them as return_to.
    returns: Mapping[str, Seen] = field(default_factory=dict)
    person: Person | None = None
    admin: Seen | None = None
    version: str | None = None
    #: Whether every identity schema gives people an address for codes; None if not asked or not readable.
    everybody_gets_codes: bool | None = None
