"""What the doctor found out, as plain values: no credential, no personal data, nothing that could harm a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Site:
    """What Django's settings say."""

    sdk_url: str
    browser_url: str
    #: Where people open this site, with its script prefix and without a trailing slash; empty if nobody said.
    addresses: tuple[str, ...]
    #: The name of Ory's session cookie; None if only a request can tell.
    session_cookie: str | None
    #: What Ory Network calls it for this SDK URL; None elsewhere.
    network_cookie: str | None
    whoami_claim: str | None
    settings_claim: str | None
    #: The path that ORY_MFA_DEFAULT_RETURN_TO names; None if it is not set.
    default_return_to: str | None = None

    def default_page(self, address: str) -> str:
        """Return the page at ``address`` for people who cannot come back to where they were."""
        if self.default_return_to is None:
            return f"{address}/"
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}{self.default_return_to}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: its status, 0 and a ``failure`` if there was none, and the ``error.id`` of Ory."""

    status: int
    failure: str | None = None
    error_id: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What Ory Network says about its limit: requests in this period, and how many are left."""

    limit: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Cookie:
    """The attributes of a cookie of Ory's own; its session cookie is set alike."""

    domain: str | None = None
    is_secure: bool = False
    same_site: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What Ory says to the session token of a test person."""

    whoami: Seen
    aal: str | None
    settings: Seen
    #: Whether the settings page shows a second factor; None if it does not tell.
    enrolled: bool | None
    #: Of whoami with an unreadable cookie beside the token, and the name of that cookie; None if not asked.
    with_cookie: Seen | None = None
    cookie_name: str = ""
    #: The kinds of credentials that the admin API lists; None if not asked or not found.
    credentials: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything; what was not asked is None."""

    site: Site
    whoami: Seen
    is_ory: bool
    ready: Seen | None = None
    #: Seconds that Ory's clock is ahead of this one's; negative if behind.
    skew: float | None = None
    rate_limit: RateLimit | None = None
    #: How many seconds answers may be served from a cache.
    cacheable: int | None = None
    #: What Ory says to a stranger who wants to sign in.
    login: Seen | None = None
    #: Where Ory takes itself to be, read from where its forms lead.
    own_url: str | None = None
    cookie: Cookie | None = None
    #: Pages of this site, and what Ory says to being asked to lead back to them.
    returns: Mapping[str, Seen] = field(default_factory=dict)
    person: Person | None = None
    admin: Seen | None = None
    version: str | None = None
