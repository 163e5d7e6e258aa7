"""Checks whether Ory can be reached, is ready, and in which state it is."""

from __future__ import annotations

from collections.abc import Iterator

from django_ory_mfa.core.session import CLOCK_SKEW
from django_ory_mfa.management.doctor.facts import Facts, Seen
from django_ory_mfa.management.doctor.results import Result, failed, ok, skipped, warning

SLIGHT_SKEW = 5  # seconds
SCARCE = 10  # per cent
OLD_VERSIONS = ("v1.0", "v1.1", "v1.2", "v1.3")
WHERE_ORY_IS = (
    'ORY_MFA_SDK_URL = "<url>": https://<slug>.projects.oryapis.com, http://localhost:4000 for Ory Tunnel, or the '
    "public port of your Kratos (serve.public.port, 4433 by default)"
)
FAILURES = {
    "timeout": "it took longer than ORY_MFA_TIMEOUT allows",
    "ConnectionError": "the connection was refused, or the host name cannot be resolved",
    "SSLError": "its certificate is not trusted",
    "ProxyError": "the proxy in HTTP_PROXY or HTTPS_PROXY refuses it",
}


def check_reachable(facts: Facts) -> Iterator[Result]:
    """Check that the SDK URL is the public API of Ory."""
    url = facts.site.sdk_url
    if not facts.whoami.status:
        yield failed("reachable", f"{url} does not answer: {why(facts.whoami)}.", WHERE_ORY_IS)
    elif facts.whoami.status == 429:
        yield failed("reachable", f"{url} refuses because of its rate limit (429).", "Wait until the limit resets.")
    elif facts.is_ory:
        yield ok("reachable", f"Ory answers at {url}.")
    else:
        yield failed("reachable", f"{url} is not the public API of Ory: {_odd(facts)}.", WHERE_ORY_IS)


def check_ready(facts: Facts) -> Iterator[Result]:
    """Check that Ory has its database; without it, everybody looks signed out."""
    if facts.ready is None:
        return
    if facts.ready.status == 200:
        yield ok("ready", "Ory is ready.")
    elif facts.ready.status == 503:
        yield failed(
            "ready",
            "Ory runs but is not ready (503): most likely it cannot reach its database.",
            "dsn in the configuration of Kratos, and the database behind it",
        )
    else:
        yield skipped("ready", f"/health/ready gave no clear answer ({facts.ready.status or why(facts.ready)}).")


def check_version(facts: Facts) -> Iterator[Result]:
    """Check that the version has no known fault."""
    if facts.admin is None:
        yield skipped("version", "Only the admin API tells the version.", "--admin-url http://127.0.0.1:4434")
    elif facts.version is None:
        answer = facts.admin.status or why(facts.admin)
        yield failed(
            "version", f"This is not the admin API of Kratos ({answer}).", "--admin-url: serve.admin.port of Kratos"
        )
    elif facts.version.startswith(OLD_VERSIONS) and facts.everybody_gets_codes:
        yield ok(
            "version",
            f"Kratos {facts.version} treats every account as having a second factor once codes are one, which is true "
            "here: every identity schema marks an address for codes.",
        )
    elif facts.version.startswith(OLD_VERSIONS):
        yield warning(
            "version",
            f"Kratos {facts.version} treats every account as having a second factor once "
            "selfservice.methods.code.mfa_enabled is on, and locks out those that have none.",
            "An identity schema that gives everybody an address for codes, as ory_mfa init writes it; or "
            "selfservice.methods.code.mfa_enabled: false; or a newer Kratos",
        )
    else:
        yield ok("version", f"Kratos {facts.version}.")


def check_clock(facts: Facts) -> Iterator[Result]:
    """Check that the clocks of Ory and of this machine agree."""
    if facts.skew is None:
        yield skipped("clock", "Ory's answer has no readable Date header.")
        return
    ahead = "ahead of" if facts.skew > 0 else "behind"
    reason = f"Ory's clock is {abs(facts.skew):.0f} s {ahead} the local clock."
    if abs(facts.skew) <= SLIGHT_SKEW:
        yield ok("clock", "The clocks agree.")
    elif abs(facts.skew) <= CLOCK_SKEW.total_seconds():
        yield warning("clock", f"{reason} Every max_age is wrong by that.", "Synchronise both by NTP.")
    else:
        yield failed(
            "clock", f"{reason} Sessions and authentications look expired or not yet valid.", "Synchronise both by NTP."
        )


def check_rate_limit(facts: Facts) -> Iterator[Result]:
    """Check that the rate limit is not almost reached."""
    limit = facts.rate_limit
    if limit is None:
        yield ok("rate-limit", "Ory reports no rate limit.")
    elif limit.remaining * 100 < limit.limit * SCARCE:
        yield warning(
            "rate-limit",
            f"Only {limit.remaining} of {limit.limit} requests are left in this period. When none is left, guarded "
            "pages fail with 503.",
            "A session cache, fewer guarded views, or a larger plan at Ory",
        )
    else:
        yield ok("rate-limit", f"{limit.remaining} of {limit.limit} requests are left in this period.")


def check_cacheable(facts: Facts) -> Iterator[Result]:
    """Report for how long answers may be cached."""
    if facts.cacheable is None:
        yield ok("answers", "Ory does not let its answers be cached.")
    else:
        yield ok(
            "answers",
            f"Answers may come from a cache for {facts.cacheable} s: for that long, a session that an administrator "
            "revoked still works. Refusals, and requirements with max_age or methods, do not use the cache.",
        )


def why(seen: Seen) -> str:
    """Return in words why there was no answer."""
    return FAILURES.get(seen.failure or "", seen.failure or "unknown")


def _odd(facts: Facts) -> str:
    seen = facts.whoami
    if seen.status == 401:
        return "it answers 401 " + ("to everything, also to the sign-in" if facts.login else "in another form than Ory")
    if seen.location is not None and "/admin/" in seen.location:
        return "it is the admin port of Kratos"
    return (
        f"it answers {seen.status}{f' and redirects to {seen.location}' if seen.location else ''} where Ory answers 401"
    )
