"""Keep parts of templates that depend on a session out of Django's ``{% cache %}``."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags import cache as cache_tag

# Weak, so that a thread keeps no request until its next one.
Reference = weakref.ref[HttpRequest] | None
# The request that is processed, and the one that the template is given.
_request: ContextVar[Reference] = ContextVar("ory_mfa_request", default=None)
_shown: ContextVar[Reference] = ContextVar("ory_mfa_shown_request", default=None)


def begin(request: Any) -> None:
    """Remember ``request`` for templates that are rendered without it."""
    request._ory_mfa.outer_request = _request.get()
    _request.set(weakref.ref(request))


def end(request: Any) -> None:
    """Return to the request whose view had ``request`` processed, if there is one."""
    outer = request._ory_mfa.outer_request
    if _is_being_processed(outer):
        _request.set(outer)


@cache
def protect_fragments() -> None:
    """Stop ``{% cache %}`` from storing anything of a request whose session is known.

    This replaces the name ``caches`` in the module of the tag, so that templates which are compiled already and tags
    derived from it are covered too.
    """
    module: Any = cache_tag
    module.caches = FragmentCaches(module.caches)
    render = module.CacheNode.render

    def render_for_request(self: Any, context: Any) -> Any:
        state = getattr(getattr(context, "request", None) or context.get("request"), "_ory_mfa", None)
        # A thread that a view starts does not inherit its context variables.
        token = _shown.set(None if state is None else weakref.ref(state.request))
        try:
            return render(self, context)
        finally:
            _shown.reset(token)

    module.CacheNode.render = render_for_request


class FragmentCaches:
    """Replaces ``django.core.cache.caches`` in the module of ``{% cache %}``."""

    def __init__(self, caches: Any) -> None:
        self._caches = caches

    def __getitem__(self, alias: str) -> FragmentCache:
        return FragmentCache(self._caches[alias])


class FragmentCache:
    """One of Django's caches, which stores nothing while the session of the request is known."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Store the fragment, unless it may be about a person: the cache would show it to the next visitor."""
        shown = _shown.get()
        if _may_store(_request.get()) and not (shown is not None and is_session_known(shown())):
            self._inner.set(*args, **kwargs)


def _may_store(reference: Reference) -> bool:
    """Whether nothing that is rendered for this request can be about a person."""
    if reference is None:
        return True
    request: Any = reference()
    # SECURITY: a response may be streamed after its request is gone. Then it is unknown, so nothing is stored.
    if request is None or is_session_known(request):
        return False
    # A view may have another request processed before it renders its own page.
    outer = request._ory_mfa.outer_request
    return not _is_being_processed(outer) or _may_store(outer)


def _is_being_processed(reference: Reference) -> bool:
    request: Any = reference and reference()
    return request is not None and request._ory_mfa.response is None


def is_session_known(request: Any) -> bool:
    """Whether the session of ``request``, or of the request inside this object, is known; False for None."""
    state = getattr(request, "_ory_mfa", None)
    return state is not None and state.known_session is not None
