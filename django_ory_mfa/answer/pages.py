"""Render the package's own pages, and build their context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from django_ory_mfa.answer.csrf import keep_csrf_cookie
from django_ory_mfa.answer.django_log import spare_admins
from django_ory_mfa.conf import conf, is_debug
from django_ory_mfa.core.addresses import own_email, verified_email
from django_ory_mfa.core.decision import Decision
from django_ory_mfa.core.destination import needs_second_factor
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.roundtrip.return_to import default_return_to, return_to_of, site_origin

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import Identity, OrySession

DOCTOR = "manage.py ory_mfa doctor"
HIGHEST_LEVEL = Requirement("aal2")
# SECURITY: in a frame of another site, visitors could be led to press sign-out, or a link to Ory, unawares.
UNFRAMED = {"X-Frame-Options": "DENY"}


def page(request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200) -> TemplateResponse:
    """Return one of the package's pages; Django's handler renders it in a thread where it may use the database."""
    response = TemplateResponse(request, f"ory_mfa/{name}.html", context, status=status, headers=UNFRAMED)
    # The sign-out form needs the cookie even on a site without CsrfViewMiddleware: the view checks CSRF itself.
    response.add_post_render_callback(lambda rendered: keep_csrf_cookie(request, rendered))
    return spare_admins(response)


def page_context(request: HttpRequest, session: OrySession, decision: Decision | None) -> dict[str, Any]:
    """Return the session, the decision, and the URLs of everything that a visitor can do next."""
    flows, return_to = conf.flows, return_to_of(request)
    return {
        "session": session,
        "decision": decision,
        "flow_url": decision.url if decision is not None else None,
        "login_url": flows.login(return_to=return_to),
        "step_up_url": flows.login(aal2=True, return_to=return_to),
        "refresh_url": flows.login(
            refresh=True, aal2=bool(session) and needs_second_factor(session, HIGHEST_LEVEL), return_to=return_to
        ),
        "settings_url": flows.settings(return_to=return_to),
        "logout_url": own_url("logout"),
        "return_to": return_to,
        "methods": sorted((decision.requirement.methods if decision is not None else None) or ()),
        "home_url": default_return_to(request),
        **debug_hints(),
        "site_name": site_name(request),
        "signed_in_as": "" if session.identity is None else own_email(session.identity),
    }


def site_name(request: HttpRequest) -> str:
    """Return the host of this site, which names it on its pages; empty if Django does not know the host."""
    # Not the name that django.contrib.sites keeps: it is in the database, which the page of an outage must not wait
    # for, and it is "example.com" until somebody changes it.
    try:
        return urlsplit(site_origin(request)).netloc
    except DisallowedHost:
        return ""


def debug_hints() -> dict[str, str]:
    """Return what the page of an outage shows to developers: the URL of Ory and a command; empty in production."""
    return {"failed_url": conf.sdk_url, "command": DOCTOR} if is_debug() else {}


def own_url(name: str) -> str:
    """Return the URL of one of the package's views; empty if ``django_ory_mfa.urls`` is not included."""
    try:
        return reverse(f"ory_mfa:{name}")
    except NoReverseMatch:
        return ""


def account_name(request: HttpRequest, session: OrySession) -> str:
    """Return the name under which the visitor of ``request`` is signed in, with an active ``session``."""
    identity = cast("Identity", session.identity)
    name = _username(request)
    return name if name not in ("", identity.id) else verified_email(identity) or identity.id


def _username(request: HttpRequest) -> str:
    try:
        user = getattr(request, "user", None)
        return str(user.get_username()) if user is not None else ""
    except PermissionDenied:
        # Signed in at Ory without a user here: the page still names the account.
        return ""
