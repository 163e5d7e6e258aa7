"""Which of a browser's cookies Ory needs to see in order to hand out a flow."""

from __future__ import annotations

import re

from django_ory_mfa.core.credentials import SESSION_COOKIE_NAMES, cookie_header, is_sound, read_cookies

FLOW_COOKIE_NAMES = re.compile(r"csrf_token_[0-9A-Za-z_-]{1,100}|ory_kratos_continuity")


def flow_cookies(header: str, session_cookie: str | None) -> str:
    """The cookies of Ory out of a raw ``Cookie`` header: in order, byte for byte, and nobody else's.

    ``session_cookie`` is the session cookie's name; None stands for every name that looks like one.
    """
    pairs = read_cookies(header)
    return cookie_header(pair for pair in pairs if _is_wanted(pair[0], session_cookie) and is_sound(pair[1]))


def _is_wanted(name: str, session_cookie: str | None) -> bool:
    if FLOW_COOKIE_NAMES.fullmatch(name):
        return True
    return SESSION_COOKIE_NAMES.fullmatch(name) is not None if session_cookie is None else name == session_cookie
