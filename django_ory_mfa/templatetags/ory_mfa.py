"""Template tags. A tag never makes a page fail: without a session it answers as for an anonymous visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.http import HttpRequest

from django_ory_mfa.answer import pages
from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import decide
from django_ory_mfa.core.session import OrySession, SessionState
from django_ory_mfa.roundtrip.return_to import return_to_of_link
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.session.resolver import plain

register = template.Library()


@register.simple_tag(takes_context=True)
def ory_aal(context: Mapping[str, Any]) -> str:
    """The visitor's level, ``aal0`` to ``aal3``."""
    return str(session_in(context).aal)


@register.filter
def has_aal(session: object, level: object) -> bool:
    """Whether a session has ``level``: ``aal1``, ``aal2``, ``highest_available`` or a name in ``ORY_MFA_POLICIES``."""
    try:
        requirement = conf.requirement(str(level))
    except (ValueError, ImproperlyConfigured) as error:
        limited_log.warning("has_aal is False: %s", error)
        return False
    return decide(plain(session), requirement, now=now()).is_allowed


@register.simple_tag(takes_context=True)
def ory_login_url(context: Mapping[str, Any]) -> str:
    """Ory's sign-in page; the step-up page for somebody who is signed in and owes a second factor."""
    aal2 = session_in(context).state is SessionState.STEP_UP_REQUIRED
    return _flow_url(context, lambda return_to: conf.flows.login(aal2=aal2, return_to=return_to))


@register.simple_tag(takes_context=True)
def ory_step_up_url(context: Mapping[str, Any]) -> str:
    """Ory's page for a second factor."""
    return _flow_url(context, lambda return_to: conf.flows.login(aal2=True, return_to=return_to))


@register.simple_tag(takes_context=True)
def ory_settings_url(context: Mapping[str, Any]) -> str:
    """Ory's page to set up a second factor."""
    return _flow_url(context, lambda return_to: conf.flows.settings(return_to=return_to))


@register.simple_tag
def ory_logout_url() -> str:
    """The action of a sign-out form (POST); empty if the package's URLs are not included."""
    return pages.own_url("logout")


@register.inclusion_tag("ory_mfa/_status.html", takes_context=True)
def ory_mfa_status(context: Mapping[str, Any]) -> dict[str, Any]:
    """The visitor's MFA status in a line, with a link to what is missing."""
    return {
        "session": session_in(context),
        "decision": None,
        "login_url": ory_login_url(context),
        "step_up_url": ory_step_up_url(context),
        "settings_url": ory_settings_url(context),
        # Ory's step-up page is a form without fields for whoever has no second factor; our page knows.
        "security_url": pages.own_url("settings"),
    }


def session_in(context: Mapping[str, Any]) -> OrySession:
    """The session of the request in a template's context; an anonymous one where there is none."""
    return plain(getattr(context.get("request"), "ory_session", None))


def _flow_url(context: Mapping[str, Any], build: Any) -> str:
    request = context.get("request")
    try:
        return str(build(_return_to(request) if isinstance(request, HttpRequest) else None))
    except (ImproperlyConfigured, DisallowedHost) as error:
        limited_log.warning("No URL of Ory in a template: %s", error)
        return ""


def _return_to(request: HttpRequest) -> str:
    # Once the session is known, the response is private.
    state = getattr(request, "_ory_mfa", None)
    return return_to_of_link(request, is_private=state is not None and state.known_session is not None)
