"""Find out what a person has just set up or removed, since Ory's message says only that something was saved.

A cookie holds how many factors of each kind the last page showed, and is compared with the page of now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from django_ory_mfa.contrib.ui.page import Page, Situation

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COOKIE = "ory_mfa_ui_factors"
SECONDS = 900
# The messages for one more and for one fewer, in the order of ``Page.factors``.
TEXTS = (
    (_("Authenticator app added. Two‑step verification is on."), _("Authenticator app removed.")),
    (_("Recovery codes saved."), _("Recovery codes switched off.")),
    (_("Security key added. Two‑step verification is on."), _("Security key removed.")),
    (_("Passkey added."), _("Passkey removed.")),
)


def with_what_was_saved(request: HttpRequest, page: Page) -> Page:
    """Return ``page`` with a message that says what was saved."""
    text = _difference(request.COOKIES.get(COOKIE, ""), page.factors) if page.is_saved else ""
    if not text:
        return page
    return replace(page, messages=(replace(page.messages[0], text=text, kind="success", number=None),))


def remember_factors(request: HttpRequest, response: HttpResponse, page: Page) -> None:
    """Remember in a cookie which factors ``page`` shows, if it is that of the settings."""
    if page.situation is Situation.SETTINGS:
        response.set_cookie(
            COOKIE,
            page.factors,
            max_age=SECONDS,
            path=quote(request.path),
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def _difference(before: str, after: str) -> str:
    # A forged cookie only changes the message on the page of the visitor who forged it.
    if len(before) != len(after):
        return ""
    for old, new, (more, less) in zip(before, after, TEXTS, strict=True):
        if old != new:
            return str(more if new > old else less)
    return ""
