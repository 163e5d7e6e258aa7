"""Whether browsers get to Ory and back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django_ory_mfa.core.flows import origin
from django_ory_mfa.doctor.facts import Facts, Seen
from django_ory_mfa.doctor.reaching import why
from django_ory_mfa.doctor.results import Result, failed, ok, skipped, warning

FORBIDDEN = "self_service_flow_return_to_forbidden"
UNKNOWN_SITE = "--site-url http://127.0.0.1:8000, or ORY_MFA_SITE_URL in the settings"


def check_browser_url(facts: Facts) -> Iterator[Result]:
    """Django and Ory agree on where browsers find Ory."""
    ours, own = facts.site.browser_url, facts.own_url
    if own is None:
        yield skipped("browser-url", "Ory opened no login flow that would show its own address.")
        return
    fix = f'ORY_MFA_BROWSER_URL = "{own}", or at Kratos serve.public.base_url: {ours}/'
    if _host(own) != _host(ours):
        reason = (
            f"Browsers are sent to {ours}, but Ory's forms lead to {own}, another host, where its cookies are not sent."
        )
        yield failed("browser-url", reason, fix)
    elif own.rstrip("/") != ours:
        yield warning("browser-url", f"Browsers are sent to {ours}, but Ory takes {own} for its own address.", fix)
    else:
        yield ok("browser-url", f"Browsers find Ory at {own}.")


def check_return_to(facts: Facts) -> Iterator[Result]:
    """Ory leads back to this site."""
    if not facts.site.origins:
        yield skipped("return-to", "Nobody said under which address people open this site.", UNKNOWN_SITE)
    for site in facts.site.origins:
        yield _return_to_site(site, {page: seen for page, seen in facts.returns.items() if _is_below(page, site)})


def _return_to_site(site: str, pages: dict[str, Seen]) -> Result:
    unclear = {page: seen for page, seen in pages.items() if seen.status != 200 and seen.error_id != FORBIDDEN}
    if unclear or not pages:
        answers = sorted({str(seen.status) if seen.status else why(seen) for seen in unclear.values()})
        return skipped("return-to", f"Ory does not say whether it leads back to {site}/ ({', '.join(answers)}).")
    refused = [page for page, seen in pages.items() if seen.error_id == FORBIDDEN]
    fix = f'selfservice.allowed_return_urls of Ory: add "{site}/"'
    if not refused:
        return ok("return-to", f"Ory leads back to {site}/.")
    if len(refused) == len(pages):
        return failed("return-to", f"Ory does not lead back to {site}/: people end on its error page.", fix)
    if f"{site}/" in refused and len(refused) == 1:
        return ok("return-to", f"Ory leads back to {', '.join(page for page in pages if page not in refused)}.")
    return failed("return-to", f"Ory does not lead back to {', '.join(refused)}.", fix)


def _is_below(page: str, site: str) -> bool:
    return origin(urlsplit(page)) == origin(urlsplit(site))


def _host(url: str) -> str | None:
    return urlsplit(url).hostname
