"""django-ninja: authentication that requires a level, and refusals in the same JSON as every guard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from ninja.errors import HttpError

from django_ory_mfa.answer.rendering import json_of, refusal_for, render_json
from django_ory_mfa.core.refusal import Refusal, csrf_failed, forbidden
from django_ory_mfa.guard.declarations import Declared, MaxAge, declare, wants_proof
from django_ory_mfa.guard.denials import AALRequired, CSRFFailed, roll_back
from django_ory_mfa.guard.guarding import csrf_reason_steps, require_steps
from django_ory_mfa.guard.next_person import was_shown_steps
from django_ory_mfa.guard.one_person import forget_other_sign_in, no_user_steps
from django_ory_mfa.request.client_kind import treat_as_script
from django_ory_mfa.request.credential import usual_cookie
from django_ory_mfa.runtime.steps import Steps, arun, run
from django_ory_mfa.session.request_state import state_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import NinjaAPI

    from django_ory_mfa.core.requirement import Requirement, RequirementCallable

__all__ = ["OryAuth", "install"]

NOT_ALLOWED = "You do not have permission to perform this action."


class RefusalError(AALRequired, HttpError):  # type: ignore[misc]  # the framework has no types
    """``AALRequired`` with a status, for APIs that have not called ``install``."""

    def __init__(self, refused: AALRequired, status: int, message: str) -> None:
        HttpError.__init__(self, status, message)
        self.decision, self.extensions = refused.decision, refused.extensions


class NoUserError(HttpError):  # type: ignore[misc]  # the framework has no types
    """A person is signed in at Ory, but ``contrib.auth`` has no active user for that person."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status, refusal.body["error"]["message"])
        self.refusal = refusal


class ForgeryError(HttpError):  # type: ignore[misc]  # the framework has no types
    """A session cookie came without Django's CSRF proof."""


class OryAuth:
    """Lets an operation run for requests that meet the requirement; ``request.auth`` is the Ory session.

    ``request.user`` is the user to whom ``contrib.auth`` maps that session; without ``contrib.auth`` it is anonymous,
    because a Django sign-in may be that of another person. People without an active user are refused.

    The arguments are those of ``aal_required``. If ``requirement`` is a callable that returns None for an anonymous
    client, ``request.auth`` is True. Raises ``AALRequired``, which is ninja's ``HttpError`` too.
    """

    # With this mark, ninja awaits the result in the event loop of an async operation.
    is_async = True
    openapi: ClassVar[dict[str, str]] = {"type": "http", "scheme": "bearer"}

    def __init__(
        self,
        aal: str | None = None,
        *,
        max_age: MaxAge | None = None,
        methods: Iterable[str] | None = None,
        requirement: Requirement | str | RequirementCallable | None = None,
    ) -> None:
        self.ory_mfa_requirement: Declared = declare(aal, max_age=max_age, methods=methods, requirement=requirement)

    @classmethod
    def each(
        cls,
        aal: str | None = None,
        *,
        max_age: MaxAge | None = None,
        methods: Iterable[str] | None = None,
        requirement: Requirement | str | RequirementCallable | None = None,
    ) -> list[OryAuth]:
        """Return three objects with the same guard, one for each way of sending a session, so that OpenAPI has all."""
        return [
            kind(aal, max_age=max_age, methods=methods, requirement=requirement)
            for kind in (OryCookie, OrySessionToken, OryBearer)
        ]

    def __call__(self, request: HttpRequest) -> Any:
        """Return the session, or in an event loop an awaitable of it."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return run(self._steps(request))
        return arun(self._steps(request))

    @property
    def openapi_security_schema(self) -> dict[str, str]:
        """The security scheme as OpenAPI describes it."""
        return dict(self.openapi)

    def _steps(self, request: HttpRequest) -> Steps[Any]:
        treat_as_script(request)
        reason = yield from csrf_reason_steps(request, fresh=wants_proof(self.ory_mfa_requirement))
        # Whoever was there before comes first: require_steps() raises for that.
        if reason is not None and not (yield from was_shown_steps(request)):
            raise ForgeryError(403, reason)
        state = state_of(request)
        before = state.last_decision
        try:
            session = yield from require_steps(request, self.ory_mfa_requirement)
        except AALRequired as refused:
            answer = refusal_for(request, refused.decision)
            raise RefusalError(refused, answer.status, answer.body["error"]["message"]) from refused
        if session:
            yield from self._user_steps(request, is_asked=state.last_decision is not before)
        # Nothing was required; ninja treats a false value as a refusal.
        return session or True

    def _user_steps(self, request: HttpRequest, *, is_asked: bool) -> Steps[None]:
        refusal = (yield from no_user_steps(request)) if is_asked else None
        if refusal is not None:
            raise NoUserError(refusal)
        forget_other_sign_in(request)


class OryCookie(OryAuth):
    """The session cookie of a browser."""

    @property
    def openapi_security_schema(self) -> dict[str, str]:
        """The scheme with the name of the cookie, as far as the settings tell it."""
        return {"type": "apiKey", "in": "cookie", "name": usual_cookie()}


class OrySessionToken(OryAuth):
    """The header ``X-Session-Token`` of a native client."""

    openapi: ClassVar[dict[str, str]] = {"type": "apiKey", "in": "header", "name": "X-Session-Token"}


class OryBearer(OryAuth):
    """The session token of a native client as a bearer token."""


def install(api: NinjaAPI) -> None:
    """Let ``api`` answer refusals with our JSON, status and headers, in ``OryAuth`` and inside of operations.

    Handlers that a site adds afterwards for the same exceptions win.
    """
    api.add_exception_handler(AALRequired, _refuse)
    api.add_exception_handler(NoUserError, _refuse_user)
    api.add_exception_handler(ForgeryError, _refuse_forgery)
    api.add_exception_handler(CSRFFailed, _refuse_forgery)
    api.add_exception_handler(PermissionDenied, _forbid)


def _refuse(request: HttpRequest, exc: Any) -> HttpResponse:
    roll_back()
    return render_json(request, exc.decision)


def _refuse_user(request: HttpRequest, exc: Any) -> HttpResponse:
    roll_back()
    return json_of(exc.refusal)


def _refuse_forgery(request: HttpRequest, exc: Any) -> HttpResponse:
    roll_back()
    return json_of(csrf_failed(str(exc)))


def _forbid(request: HttpRequest, exc: Any) -> HttpResponse:
    roll_back()
    details = {"reason": exc.reason} if isinstance(getattr(exc, "reason", None), str) else {}
    return json_of(forbidden(str(exc) or NOT_ALLOWED, **details))
