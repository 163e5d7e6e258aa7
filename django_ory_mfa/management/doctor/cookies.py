"""Checks whether the session cookie that Ory sets reaches this site, and whether Django knows its name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from django_ory_mfa.checks.addresses import LOOPBACK_NAMES, is_loopback
from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES
from django_ory_mfa.management.doctor.facts import Cookie, Facts
from django_ory_mfa.management.doctor.results import Result, failed, ok, skipped, warning
from django_ory_mfa.management.doctor.returning import UNKNOWN_SITE
from django_ory_mfa.management.hosts import common_parent, covers

SESSION_NEEDED = (
    "--as EMAIL; or --session-token-file FILE with a session that whoami returns: one at aal2, or any if required_aal "
    "is aal1"
)


def check_reach(facts: Facts) -> Iterator[Result]:
    """Check that browsers send Ory's cookies to this site too."""
    if not facts.site.addresses:
        yield skipped("cookie-reach", "The URL of this site is unknown.", UNKNOWN_SITE)
        return
    ory = urlsplit(facts.own_url or facts.site.browser_url)
    cookie = facts.cookie or Cookie()
    for site in map(urlsplit, facts.site.addresses):
        problems = [*_of_hosts(cookie, ory, site)] or [*_of_schemes(cookie, ory, site)]
        reach = f"{cookie.domain} and its subdomains" if cookie.domain else f"{ory.hostname}, on any port"
        yield from problems or [
            ok("cookie-reach", f"Ory's cookies are valid for {reach}, so browsers send them to {_shown(site)}.")
        ]


def check_name(facts: Facts) -> Iterator[Result]:
    """Check that Django looks for the cookie that Ory sets."""
    site, person = facts.site, facts.person
    if site.network_cookie is not None and site.session_cookie != site.network_cookie:
        yield failed(
            "cookie-name",
            f"Django looks for the cookie {site.session_cookie}, but Ory Network names it {site.network_cookie}.",
            f'ORY_MFA_SESSION_COOKIE = "{site.network_cookie}", or remove the setting',
        )
    elif person is not None and person.is_signed_in:
        yield _seen(person.cookie_name, site.session_cookie)
    elif person is None or person.with_cookie is None:
        yield skipped("cookie-name", "Ory tells the name of its cookie only for a session.", SESSION_NEEDED)
    elif person.with_cookie.status == 500:
        yield ok("cookie-name", f"Ory's session cookie is named {person.cookie_name}.")
    elif person.with_cookie.status != 200:
        yield skipped("cookie-name", f"Ory did not tell the name of its cookie ({person.with_cookie.status}).")
    elif site.session_cookie is None:
        yield warning(
            "cookie-name",
            f"Ory's session cookie is not named {person.cookie_name}. Django finds it only if its name starts with "
            "ory_session_.",
            'ORY_MFA_SESSION_COOKIE = "<name>": session.cookie.name of Ory',
        )
    else:
        yield failed(
            "cookie-name",
            f"Django looks for the cookie {person.cookie_name}, but Ory sets no cookie of that name.",
            'ORY_MFA_SESSION_COOKIE = "<name>": session.cookie.name of Ory, ory_kratos_session by default',
        )


def _seen(name: str, wanted: str | None) -> Result:
    """Compare the cookie that Ory set with the one that Django looks for."""
    if name == wanted or (wanted is None and SESSION_COOKIE_NAMES.fullmatch(name)):
        return ok("cookie-name", f"Ory's session cookie is named {name}, as Django expects.")
    expected = wanted or "ory_kratos_session or ory_session_…"
    reason = f"Django looks for the cookie {expected}, but Ory sets {name}: to Django nobody is signed in."
    return failed("cookie-name", reason, f'ORY_MFA_SESSION_COOKIE = "{name}"')


def _of_hosts(cookie: Cookie, ory: SplitResult, site: SplitResult) -> Iterator[Result]:
    ory_host, site_host = ory.hostname or "", site.hostname or ""
    if cookie.domain and not covers(cookie.domain, ory_host):
        reason = f"Ory sets its cookies for {cookie.domain}, but browsers open it at {ory_host} and drop them."
        yield failed("cookie-reach", reason, f"cookies.domain of Ory: a domain that {ory_host} is in")
    elif cookie.domain and not covers(cookie.domain, site_host):
        reason = f"Ory's cookies are for {cookie.domain}, so {_shown(site)} never gets them: nobody is signed in there."
        yield failed("cookie-reach", reason, _common(ory_host, site_host))
    elif not cookie.domain and ory_host != site_host:
        reason = f"Ory's cookies are for {ory_host} only, so {_shown(site)} never gets them: nobody is signed in there."
        yield failed("cookie-reach", reason, _common(ory_host, site_host))


def _of_schemes(cookie: Cookie, ory: SplitResult, site: SplitResult) -> Iterator[Result]:
    if cookie.is_secure and site.scheme == "http":
        reason = f"Ory's cookies are for https only (Secure), and {_shown(site)} is http"
        if is_loopback(site.hostname or ""):
            fix = "https for the site, or run Kratos with --dev on your own machine"
            yield warning("cookie-reach", f"{reason}: not every browser makes an exception for the local machine.", fix)
        else:
            yield failed("cookie-reach", f"{reason}: it never gets them.", f"https for {_shown(site)}")
    if cookie.same_site == "None" and not cookie.is_secure:
        reason = "Ory's cookies are SameSite=None without Secure: browsers drop them."
        yield failed("cookie-reach", reason, "cookies.same_site of Ory: Lax, or https for Ory")
    elif cookie.same_site == "Strict" or (cookie.same_site == "Lax" and ory.scheme != site.scheme):
        reason = f"Ory's cookies are SameSite={cookie.same_site}"
        fix = "cookies.same_site of Ory: Lax, and https for both"
        yield warning("cookie-reach", f"{reason}: people who follow a link from another site appear signed out.", fix)


def _common(ory: str, site: str) -> str:
    """Return how to serve Ory and the site from the same domain."""
    if is_loopback(site):
        name = ory if ory in LOOPBACK_NAMES else "localhost"
        return f"Open both the site and Ory as {name}: the host has to be the same, the port not (Ory Tunnel: http://localhost:4000)"
    shared = common_parent(ory, site)
    if shared is not None:
        return f"cookies.domain of Ory: {shared}"
    return (
        f"Give Ory a domain next to {site} (on Ory Network: a custom domain), and cookies.domain: their common parent"
    )


def _shown(site: SplitResult) -> str:
    return f"{site.scheme}://{site.netloc}"
