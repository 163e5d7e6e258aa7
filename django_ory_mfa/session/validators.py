"""Bind the ETags of pages about a session to the credential.

A site makes its ETags of what a page is about, seldom of who looks at it. A browser sends them with every credential,
whatever ``Vary`` says, and takes a 304 for leave to show the page that it kept (RFC 9110, section 13.1.2; RFC 9111,
section 4.3.4): the page of whoever used it before. So the ETag carries the credential that the page was made for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.http import parse_etags

from django_ory_mfa.conf import fingerprint_key
from django_ory_mfa.core.credentials import canonical, fingerprint
from django_ory_mfa.request.method import SAFE_METHODS

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from django_ory_mfa.session.request_state import RequestState

MARK = "~ory-"
MARKED = re.compile(f'{MARK}[^"~]*"')
NONE_MATCH, MATCH, SINCE = "HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE"


def unbind(state: RequestState) -> None:
    """Give the site its ETags as it made them, without those of pages that were made for another credential."""
    meta = state.request.META
    none_match, match = meta.get(NONE_MATCH, ""), meta.get(MATCH, "")
    if MARK not in none_match and MARK not in match:
        return
    state.validators = {name: meta[name] for name in (NONE_MATCH, MATCH, SINCE) if name in meta}
    _forget_headers(state)
    if MARK in match:
        # Whether something has changed since it was read does not depend on who read it.
        meta[MATCH] = MARKED.sub('"', match)
    if MARK in none_match:
        end = f'{_mark(state)}"' if state.request.method in SAFE_METHODS else '"'
        kept = [tag for tag in parse_etags(none_match) if MARK not in tag or tag.endswith(end)]
        meta[NONE_MATCH] = MARKED.sub('"', ", ".join(kept))
        if not kept:
            # SECURITY: the date belongs to the same page.
            meta.pop(SINCE, None)
            del meta[NONE_MATCH]


def bind(state: RequestState, response: HttpResponseBase) -> None:
    """Let the ETag of ``response`` hold for the credential of the request only."""
    tag = response.headers.get("ETag", "")
    if tag and parse_etags(tag) != [tag]:
        # SECURITY: what Django does not read as one ETag cannot be bound, and a view may compare it by itself.
        del response.headers["ETag"]
    elif tag and MARK not in tag:
        response.headers["ETag"] = f'{tag[:-1]}{_mark(state)}"'


def restore(state: RequestState) -> bool:
    """Give the middleware outside ours the headers as they came; return whether there were bound ETags."""
    came, state.validators = state.validators, None
    if came is not None:
        state.request.META.update(came)
        _forget_headers(state)
    return came is not None


def _forget_headers(state: RequestState) -> None:
    """Let ``request.headers``, which Django makes of META once, be made again."""
    state.request.__dict__.pop("headers", None)


def _mark(state: RequestState) -> str:
    if state.credential is None:
        return MARK
    return MARK + fingerprint("etag", canonical(state.credential.value), key=fingerprint_key())
