"""Template tags. They never raise for lack of a session, but render as for an anonymous visitor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from django_ory_mfa.answer import pages
from django_ory_mfa.conf import conf
from django_ory_mfa.core.decision import decide
from django_ory_mfa.core.session import OrySession, SessionState
from django_ory_mfa.roundtrip.return_to import return_to_of_link
from django_ory_mfa.runtime import limited_log
from django_ory_mfa.runtime.clock import now
from django_ory_mfa.session.resolver import plain
from django_ory_mfa.session.signed_out import sign_out_notice

register = template.Library()
# Where a line may end.
BREAK = mark_safe("<wbr>")


@register.simple_tag(takes_context=True)
def ory_aal(context: Mapping[str, Any]) -> str:
    """Return the visitor's level, ``aal0`` to ``aal3``."""
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


@register.filter
def initial(name: object) -> str:
    """Return the first letter or digit of the name of a site, for the mark that stands for its logo."""
    host = str(name).removeprefix("www.")
    return next((letter.upper() for letter in host if letter.isalnum()), "")


@register.filter
def address(text: object) -> SafeString:
    """Return an e-mail address that stands in one line where it fits, and may else end one after its ``@``."""
    # Not at a hyphen, which says nothing about where its parts begin.
    return format_html('<span class="ory-mfa-address">{}</span>', _breaking(str(text), after="@"))


@register.filter
def naming(text: object, named: object) -> str | SafeString:
    """Return ``text`` with the address ``named``, which is in it, in a line of its own; what ends it is only heard."""
    before, found, after = str(text).partition(str(named)) if named else (str(text), "", "")
    if not found:
        return before
    rest = after.lstrip(",.:")
    end = after.removesuffix(rest)
    heard = format_html('<span class="ory-mfa-heard">{}</span>', end) if end else ""
    return format_html('{}<strong class="ory-mfa-named">{}</strong>{}{}', before, address(found), heard, rest)


@register.filter
def host(name: object) -> SafeString:
    """Return the name of a site, which may end a line after a dot and never inside its port."""
    labels, colon, port = str(name).rpartition(":")
    if not port.isdigit():
        return _breaking(str(name), after=".")
    return format_html('{}<span class="ory-mfa-port">{}{}</span>', _breaking(labels, after="."), colon, port)


@register.filter
def in_fours(key: object) -> SafeString:
    """Return a key or code in groups of four, apart for eyes only: it is copied and read out as one word."""
    text = str(key)
    if not text.isalnum():
        return format_html("{}", text)
    groups = ((text[at : at + 4],) for at in range(0, len(text), 4))
    return format_html_join(BREAK, '<span class="ory-mfa-four">{}</span>', groups)


def _breaking(text: str, *, after: str) -> SafeString:
    return format_html_join(
        "", "{}{}", ((part, BREAK if part == after else "") for part in re.split(f"([{after}])", text))
    )


@register.simple_tag(takes_context=True)
def ory_login_url(context: Mapping[str, Any]) -> str:
    """Return the URL to sign in at Ory; the step-up URL if Ory requires a second factor to show the session."""
    aal2 = session_in(context).state is SessionState.STEP_UP_REQUIRED
    return _flow_url(context, lambda return_to: conf.flows.login(aal2=aal2, return_to=return_to))


@register.simple_tag(takes_context=True)
def ory_step_up_url(context: Mapping[str, Any]) -> str:
    """Return the URL to give a second factor at Ory."""
    return _flow_url(context, lambda return_to: conf.flows.login(aal2=True, return_to=return_to))


@register.simple_tag(takes_context=True)
def ory_settings_url(context: Mapping[str, Any]) -> str:
    """Return the URL to set up a second factor at Ory."""
    return _flow_url(context, lambda return_to: conf.flows.settings(return_to=return_to))


@register.simple_tag
def ory_logout_url() -> str:
    """Return the ``action`` of a sign-out form (POST); empty if the package's URLs are not included."""
    return pages.own_url("logout")


@register.inclusion_tag("ory_mfa/_status.html", takes_context=True)
def ory_mfa_status(context: Mapping[str, Any]) -> dict[str, Any]:
    """Render one line with the visitor's MFA status and a link to the next step."""
    return {
        "session": session_in(context),
        "decision": None,
        "login_url": ory_login_url(context),
        "step_up_url": ory_step_up_url(context),
        "settings_url": ory_settings_url(context),
        # For visitors without a second factor, Ory's step-up page is a form without fields; our own page explains.
        "security_url": pages.own_url("settings"),
    }


@register.inclusion_tag("ory_mfa/_notice.html", takes_context=True)
def ory_mfa_notice(context: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a step-up or a sign-out to a visitor who is back from Ory, and remind of a form that was refused."""
    request = context.get("request")
    arrival = getattr(getattr(request, "_ory_mfa", None), "arrival", "")
    return {"notice": arrival or sign_out_notice(request)}


def session_in(context: Mapping[str, Any]) -> OrySession:
    """Return the session of the request in a template context; an anonymous one if there is none."""
    return plain(getattr(context.get("request"), "ory_session", None))


def _flow_url(context: Mapping[str, Any], build: Any) -> str:
    request = context.get("request")
    try:
        return str(build(_return_to(request) if isinstance(request, HttpRequest) else None))
    except (ImproperlyConfigured, DisallowedHost) as error:
        limited_log.warning("A template tag could not build a URL of Ory: %s", error)
        return ""


def _return_to(request: HttpRequest) -> str:
    # Once the session is known, the response is marked as private.
    state = getattr(request, "_ory_mfa", None)
    return return_to_of_link(request, is_private=state is not None and state.known_session is not None)
