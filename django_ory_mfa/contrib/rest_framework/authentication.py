"""Authentication by the Ory session of the request."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied

from django_ory_mfa.answer.rendering import refusal_for
from django_ory_mfa.contrib.rest_framework.declared import asks_for_proof
from django_ory_mfa.contrib.rest_framework.users import OryUser
from django_ory_mfa.core.decision import Decision
from django_ory_mfa.guard.guarding import csrf_reason_steps
from django_ory_mfa.guard.next_person import REASON, stopped, was_shown_steps
from django_ory_mfa.guard.one_person import mapped_user
from django_ory_mfa.request.client_kind import treat_as_script
from django_ory_mfa.runtime.steps import Steps, run
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_steps

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.session import OrySession

USERS = "django_ory_mfa.contrib.auth"
CHALLENGE = "Bearer"


class ForgedRequest(PermissionDenied):  # type: ignore[misc]  # the framework has no types
    """A session cookie came without Django's CSRF proof."""


class OtherPerson(PermissionDenied):  # type: ignore[misc]  # the framework has no types
    """Code of the site has read the Django session of another person in this request."""

    reason = REASON


class OryAuthentication(BaseAuthentication):  # type: ignore[misc]  # the framework has no types
    """Gives ``request.user`` and ``request.auth``, which is the Ory session. Put it first.

    The user is that of ``contrib.auth`` if it is installed, else an ``OryUser``.
    """

    def __init__(self) -> None:
        if "drf_spectacular.extensions" in sys.modules:
            # Here, because this is the first code of ours that runs before drf-spectacular looks for a scheme.
            describe_for_spectacular()

    def authenticate(self, request: Any) -> tuple[Any, OrySession] | None:
        """Return the user and the session; None for an anonymous client, and during an outage of Ory.

        Raises ``PermissionDenied`` for a session cookie that fails the CSRF check, and if another person used the
        browser before and the site has read the Django session of that person.
        """
        view = getattr(request, "parser_context", {}).get("view")
        if is_made_up(view):
            return None
        sent = django_request(request)
        treat_as_script(sent)
        # A permission that requires a certain proof would resolve a cached session again.
        reason, session = run(_session_steps(sent, fresh=asks_for_proof(view, request.method)))
        if reason is not None:
            raise ForgedRequest(reason)
        return (user_of(sent, session), session) if session else None

    def authenticate_header(self, request: Any) -> str:
        """Return the challenge of a 401: of the decision that a permission came to, if there is one."""
        kept = state_of(django_request(request)).permission_result
        if not isinstance(kept, Decision) or kept.is_allowed:
            return CHALLENGE
        return refusal_for(django_request(request), kept).headers.get("WWW-Authenticate", CHALLENGE)


def django_request(request: Any) -> HttpRequest:
    """Return the request of Django in one of the framework."""
    sent: HttpRequest = getattr(request, "_request", request)
    return sent


def _session_steps(request: HttpRequest, *, fresh: bool) -> Steps[tuple[str | None, OrySession]]:
    """Return why the CSRF check fails, None if it does not, and the session."""
    session = yield from session_steps(state_of(request), fresh=fresh)
    if (yield from was_shown_steps(request)):
        raise OtherPerson(stopped(request).body["error"]["message"])
    # SECURITY: checked before the response can depend on the level, and before a user is looked up.
    return (yield from csrf_reason_steps(request)), session


def user_of(request: HttpRequest, session: OrySession) -> Any:
    """Return the user of an active ``session``."""
    mapped = mapped_user(request)
    if mapped is not None:
        return mapped.user()
    if apps.is_installed(USERS):
        # SECURITY: a user that another middleware signed in may be another person.
        raise ImproperlyConfigured(
            f"{USERS} is installed, but no middleware looks its users up: add '{USERS}.middleware.OryUserMiddleware' "
            "to MIDDLEWARE, after OrySessionMiddleware."
        )
    return OryUser(session)


def is_made_up(view: Any) -> bool:
    """Whether drf-spectacular made ``view`` with a made-up request, to describe the API."""
    return bool(getattr(view, "swagger_fake_view", False))


def describe_for_spectacular() -> None:
    """Let drf-spectacular know ``OryAuthentication``."""
    # Not imported above because it is optional; importing it is all that is needed.
    import_module("django_ory_mfa.contrib.rest_framework.schemes")
