"""What it means to the site that a browser is back from Ory: more is proved, or somebody else has come."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import SESSION_KEY, logout
from django.core.exceptions import PermissionDenied

from django_ory_mfa.calls import Steps, arun, run
from django_ory_mfa.hops import has_hops, mark_of, proofs_given
from django_ory_mfa.resolver import resolver_of
from django_ory_mfa.signals import Sending, identity_switched, step_up_completed

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_ory_mfa.core.requirement import Requirement


def welcome_back(request: HttpRequest, requirement: Requirement) -> None:
    """Called when a guard with ``requirement`` lets ``request`` pass, before the view runs."""
    if has_hops(request):
        run(_steps(request, requirement))


async def awelcome_back(request: HttpRequest, requirement: Requirement) -> None:
    """``welcome_back`` for async code."""
    if has_hops(request):
        await arun(_steps(request, requirement))


def leave_django(request: HttpRequest) -> None:
    """Ends the Django session of ``request``, if there is one."""
    if not hasattr(request, "session"):
        return
    if apps.is_installed("django.contrib.auth") and SESSION_KEY in request.session:
        # It empties request.user too, which may have been looked at before. Whoever can have no user may still leave.
        with suppress(PermissionDenied):
            logout(request)
    request.session.flush()


class Leaving:
    """A call that ends the Django session of a request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def run(self) -> None:
        """Ends it in blocking code."""
        leave_django(self._request)

    async def arun(self) -> None:
        """Ends it in an event loop; the session may be in a database."""
        await sync_to_async(leave_django)(self._request)


def _steps(request: HttpRequest, requirement: Requirement) -> Steps[None]:
    resolver = resolver_of(request)
    hops = [] if resolver.has_welcomed_back else proofs_given(request)
    if not hops:
        return
    session, person = resolver.known_session, resolver.person
    previous = next((hop.person for hop in hops if hop.person not in ("", person)), None)
    if previous is not None:
        # SECURITY: what the site keeps for the one must not be served to the other.
        yield Leaving(request)
        yield Sending(identity_switched, request=request, session=session, previous=previous)
    elif any(hop.wanted == mark_of(requirement) for hop in hops):
        yield Sending(step_up_completed, request=request, session=session, requirement=requirement)
    else:
        return
    resolver.has_welcomed_back = True
