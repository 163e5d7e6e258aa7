"""Checks whether browsers get to Ory and back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django_ory_mfa.core.flows import path_and_query
from django_ory_mfa.management.doctor.facts import Facts, Seen
from django_ory_mfa.management.doctor.reaching import why
from django_ory_mfa.management.doctor.results import Result, failed, ok, skipped, warning

FORBIDDEN = "self_service_flow_return_to_forbidden"
UNKNOWN_SITE = "--site-url http://127.0.0.1:8000, or ORY_MFA_SITE_URL in the settings"


def check_browser_url(facts: Facts) -> Iterator[Result]:
    """Check that Django and Ory agree on the URL of Ory in browsers."""
    ours, own = facts.site.browser_url, facts.own_url
    if own is None:
        yield skipped("browser-url", "Ory opened no login flow, which would show its own URL.")
        return
    fix = f'ORY_MFA_BROWSER_URL = "{own}", or at Kratos serve.public.base_url: {ours}/'
    if _host(own) != _host(ours):
        reason = (
            f"Browsers are sent to {ours}, but Ory's forms go to {own}, another host, which does not get its cookies."
        )
        yield failed("browser-url", reason, fix)
    elif own.rstrip("/") != ours:
        yield warning("browser-url", f"Browsers are sent to {ours}, but Ory uses {own} as its own URL.", fix)
    else:
        yield ok("browser-url", f"Browsers open Ory at {own}.")


def check_return_to(facts: Facts) -> Iterator[Result]:
    """Check that Ory redirects back to this site."""
    if not facts.site.addresses:
        yield skipped("return-to", "The URL of this site is unknown.", UNKNOWN_SITE)
    for address in facts.site.addresses:
        default = facts.site.default_page(address)
        pages = {page: seen for page, seen in facts.returns.items() if _is_below(page, address) or page == default}
        yield _return_to_site(address, default, pages)


def _return_to_site(site: str, default: str, pages: dict[str, Seen]) -> Result:
    unclear = {page: seen for page, seen in pages.items() if seen.status != 200 and seen.error_id != FORBIDDEN}
    if unclear or not pages:
        answers = sorted({str(seen.status) if seen.status else why(seen) for seen in unclear.values()})
        return skipped("return-to", f"It is unknown whether Ory redirects back to {site}/ ({', '.join(answers)}).")
    refused = [page for page, seen in pages.items() if seen.error_id == FORBIDDEN]
    allowed = [page for page in pages if page not in refused]
    fix = f'selfservice.allowed_return_urls of Ory: add "{site}/"'
    if not refused:
        return ok("return-to", f"Ory redirects back to {site}/.")
    if not allowed:
        return failed("return-to", f"Ory does not redirect back to {site}/: people end up on its error page.", fix)
    if default in refused:
        return _refused_default(default, allowed)
    if refused == [f"{site}/"]:
        return ok("return-to", f"Ory redirects back to {', '.join(allowed)}.")
    return failed("return-to", f"Ory does not redirect back to {', '.join(refused)}.", fix)


def _refused_default(default: str, allowed: list[str]) -> Result:
    reason = f"Ory does not redirect back to {default}, where people go after a form, since they cannot return to it."
    fix = (
        f'ORY_MFA_DEFAULT_RETURN_TO = "{path_and_query(allowed[0])}", or selfservice.allowed_return_urls of Ory: '
        f'add "{default}"'
    )
    return failed("return-to", reason, fix)


def _is_below(page: str, address: str) -> bool:
    return page.startswith(f"{address}/")


def _host(url: str) -> str | None:
    return urlsplit(url).hostname
