"""Select the cookies of a browser that Ory needs to return a flow."""

from __future__ import annotations

import re

from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES, cookie_header, is_sound, read_cookies

FLOW_COOKIE_NAMES = re.compile(r"csrf_token_[0-9A-Za-z_-]{1,100}|ory_kratos_continuity")


def flow_cookies(header: str, session_cookie: str | None) -> str:
    """Return only the cookies of Ory from a raw ``Cookie`` header, in order and unchanged.

    ``session_cookie`` is the name of the session cookie; None for every name that looks like one.
    """
    pairs = read_cookies(header)
    return cookie_header(pair for pair in pairs if _is_wanted(pair[0], session_cookie) and is_sound(pair[1]))


def _is_wanted(name: str, session_cookie: str | None) -> bool:
    if FLOW_COOKIE_NAMES.fullmatch(name):
        return True
    return SESSION_COOKIE_NAMES.fullmatch(name) is not None if session_cookie is None else name == session_cookie
