"""A Content-Security-Policy as the cookie ``csp`` says: a kind, of those with ``request.csp_nonce``, or all of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

SCRIPTS = {"self": "'self'", "nonce": "'strict-dynamic' 'nonce-{nonce}'"}


def middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def with_policy(request: Any) -> Any:
        wanted = request.COOKIES.get("csp")
        nonce = secrets.token_urlsafe(16)
        if wanted == "nonce":
            request.csp_nonce = nonce
        response = get_response(request)
        if wanted in SCRIPTS:
            scripts = SCRIPTS[wanted].format(nonce=nonce)
            policy = f"default-src 'self'; script-src {scripts}; img-src 'self' data:"
            response.headers["Content-Security-Policy"] = policy
        elif wanted:
            response.headers["Content-Security-Policy"] = unquote(wanted)
        return response

    return with_policy
