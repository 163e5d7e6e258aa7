"""The page that ends a redirect loop between this site and Ory, and the log line that explains it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from django_ory_mfa.answer.pages import page, page_context
from django_ory_mfa.conf import conf, is_debug
from django_ory_mfa.roundtrip.hops import COOKIE
from django_ory_mfa.runtime.per_process import once_per_process
from django_ory_mfa.session.request_state import state_of
from django_ory_mfa.session.resolver import session_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.template.response import TemplateResponse

    from django_ory_mfa.core.decision import Decision

logger = logging.getLogger("django_ory_mfa")

COMMAND = "manage.py ory_mfa doctor"
MOST_NAMES = 20
LONGEST_NAME = 60


def loop_page(request: HttpRequest, decision: Decision) -> TemplateResponse:
    """Return a 403 page with the likely causes and a link to ``decision.url``.

    If the request has no session cookie of Ory, the page shows the causes of that; with ``DEBUG`` it also lists the
    names of the cookies that arrived.
    """
    state = state_of(request)
    context = page_context(request, session_of(state), decision)
    context["is_cookie_missing"] = state.credential is None
    if state.credential is None:
        came, wanted = _names_that_came(request), _names_looked_for()
        _warn(came, wanted)
        if is_debug():
            context.update(cookies_that_came=came, cookies_looked_for=wanted, command=COMMAND)
    return page(request, "too_many_hops", context, status=403)


def _names_that_came(request: HttpRequest) -> list[str]:
    # SECURITY: names only, no values. Visitors choose the names, so their number and length are limited.
    return [name[:LONGEST_NAME] for name in request.COOKIES if name != COOKIE][:MOST_NAMES]


def _names_looked_for() -> list[str]:
    name = conf.session_cookie
    return ["ory_kratos_session", "ory_session_…"] if name is None else [name]


def _warn(came: list[str], wanted: list[str]) -> None:
    if not _first_time().acquire(blocking=False):
        return
    cookies = f" Cookies: {', '.join(map(repr, came)) or 'none'};" if is_debug() else ""
    logger.warning(
        "A browser came back from Ory three times at once without its session cookie.%s Looked for: %s. Run `%s`.",
        cookies,
        ", ".join(wanted),
        COMMAND,
    )


@once_per_process
def _first_time() -> threading.Lock:
    """Return a lock that the first warning of this process acquires and never releases."""
    return threading.Lock()
