"""What just happened: what the package decided and asked Ory, for whoever learns it; no site needs this.

A refusal comes as a signal, an answer of Ory as a line of the log. What no page has shown yet waits in a signed cookie.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

from django.core import signing
from django.dispatch import receiver
from django.utils.deprecation import MiddlewareMixin

from django_ory_mfa.signals import aal_denied
from example.views import PAGES

COOKIE, SECONDS, MOST_STEPS = "just_happened", 600, 3
# The log does not know the request; but each has a context of its own, in threads and in tasks.
answers: ContextVar[list[str] | None] = ContextVar("answers", default=None)


class AnswersOfOry(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        noted = answers.get()
        if noted is not None and record.levelno == logging.DEBUG:
            noted.append(record.getMessage())


@receiver(aal_denied)
def note_refusal(request: Any, decision: Any, **kwargs: Any) -> None:
    request.just_happened[-1].update(outcome=decision.outcome, reason=decision.reason)


class JustHappenedMiddleware(MiddlewareMixin):
    """Gives templates ``request.just_happened``: the steps that no page has shown, and this request as the last."""

    def process_request(self, request: Any) -> None:
        step: dict[str, Any] = {"path": request.get_full_path()[:80], "outcome": "open", "answers": []}
        answers.set(step["answers"])
        try:
            waiting = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=SECONDS)
        except signing.BadSignature:
            waiting = []
        request.just_happened = [*waiting, step]

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        if request.resolver_match.url_name in PAGES:
            request.just_happened[-1].update(outcome="allow", reason="satisfied")

    def process_response(self, request: Any, response: Any) -> Any:
        answers.set(None)
        if b'id="just-happened"' in getattr(response, "content", b""):
            response.delete_cookie(COOKIE, samesite="Lax")
        elif request.just_happened[-1]["outcome"] != "open":
            steps = signing.dumps(request.just_happened[-MOST_STEPS:], salt=COOKIE)
            secure = request.is_secure()
            response.set_cookie(COOKIE, steps, max_age=SECONDS, secure=secure, httponly=True, samesite="Lax")
        return response
