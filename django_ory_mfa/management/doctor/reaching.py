"""Whether Ory answers, in time, and in Ory's words."""

from __future__ import annotations

from collections.abc import Iterator

from django_ory_mfa.core.decision import CLOCK_SKEW
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
    "ConnectionError": "the connection was refused, or the name leads nowhere",
    "SSLError": "its certificate is not trusted here",
    "ProxyError": "the proxy of HTTP_PROXY or HTTPS_PROXY does not let it through",
}


def check_reachable(facts: Facts) -> Iterator[Result]:
    """Somebody answers, and it is Ory."""
    url = facts.site.sdk_url
    if not facts.whoami.status:
        yield failed("reachable", f"{url} gives no answer: {why(facts.whoami)}.", WHERE_ORY_IS)
    elif facts.whoami.status == 429:
        yield failed("reachable", f"{url} refuses because of its rate limit (429).", "Wait until the limit resets.")
    elif facts.is_ory:
        yield ok("reachable", f"Ory answers at {url}.")
    else:
        yield failed("reachable", f"{url} is no public API of Ory: {_odd(facts)}.", WHERE_ORY_IS)


def check_ready(facts: Facts) -> Iterator[Result]:
    """Ory has its database, without which it takes everybody for a stranger."""
    if facts.ready is None:
        return
    if facts.ready.status == 200:
        yield ok("ready", "Ory is ready.")
    elif facts.ready.status == 503:
        yield failed(
            "ready",
            "Ory runs, but says that it is not ready (503): most likely its database cannot be reached.",
            "dsn in the configuration of Kratos, and the database behind it",
        )
    else:
        yield skipped("ready", f"/health/ready does not tell ({facts.ready.status or why(facts.ready)}).")


def check_version(facts: Facts) -> Iterator[Result]:
    """Which version it is."""
    if facts.admin is None:
        yield skipped("version", "Only the admin API tells the version.", "--admin-url http://127.0.0.1:4434")
    elif facts.version is None:
        answer = facts.admin.status or why(facts.admin)
        yield failed(
            "version", f"This is no admin API of Kratos ({answer}).", "--admin-url: serve.admin.port of Kratos"
        )
    elif facts.version.startswith(OLD_VERSIONS):
        yield warning(
            "version",
            f"Kratos {facts.version}: once selfservice.methods.code.mfa_enabled is on, it takes everybody for the "
            "owner of a second factor, and locks out those who have none.",
            "selfservice.methods.code.mfa_enabled: false, or a newer Kratos",
        )
    else:
        yield ok("version", f"Kratos {facts.version}.")


def check_clock(facts: Facts) -> Iterator[Result]:
    """Both clocks show the same."""
    if facts.skew is None:
        yield skipped("clock", "The answer has no readable Date.")
        return
    ahead = "ahead of" if facts.skew > 0 else "behind"
    reason = f"The clock of Ory is {abs(facts.skew):.0f} s {ahead} the one here."
    if abs(facts.skew) <= SLIGHT_SKEW:
        yield ok("clock", "The clocks agree.")
    elif abs(facts.skew) <= CLOCK_SKEW.total_seconds():
        yield warning("clock", f"{reason} Every max_age is off by that.", "Synchronise both by NTP.")
    else:
        yield failed(
            "clock", f"{reason} Sessions and proofs look expired or not given yet.", "Synchronise both by NTP."
        )


def check_rate_limit(facts: Facts) -> Iterator[Result]:
    """There are requests left."""
    limit = facts.rate_limit
    if limit is None:
        yield ok("rate-limit", "Ory names no rate limit.")
    elif limit.remaining * 100 < limit.limit * SCARCE:
        yield warning(
            "rate-limit",
            f"Of {limit.limit} requests only {limit.remaining} are left for now; without any, guarded pages are 503.",
            "A session cache, fewer views that ask, or a larger plan at Ory",
        )
    else:
        yield ok("rate-limit", f"{limit.remaining} of {limit.limit} requests are left for now.")


def check_cacheable(facts: Facts) -> Iterator[Result]:
    """How old an answer may be."""
    if facts.cacheable is None:
        yield ok("answers", "Ory does not let its answers be cached.")
    else:
        yield ok(
            "answers",
            f"Answers may be served from a cache for {facts.cacheable} s: for as long, a session that an administrator "
            "revoked lives on. Refusals and fresh proofs pass the cache by.",
        )


def why(seen: Seen) -> str:
    """Why there was no answer, in words."""
    return FAILURES.get(seen.failure or "", seen.failure or "unknown")


def _odd(facts: Facts) -> str:
    seen = facts.whoami
    if seen.status == 401:
        return "it says 401 " + ("to everything, the sign-in included" if facts.login else "in other words than Ory")
    if seen.location is not None and "/admin/" in seen.location:
        return "it is the admin port of Kratos"
    return f"it answers {seen.status}{f' and leads to {seen.location}' if seen.location else ''} where Ory says 401"
