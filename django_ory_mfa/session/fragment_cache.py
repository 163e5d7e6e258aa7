"""Keep parts of templates that depend on a session out of Django's ``{% cache %}``."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags import cache as djangos

# Weak, so that a thread keeps no request until its next one.
_request: ContextVar[weakref.ref[HttpRequest] | None] = ContextVar("ory_mfa_request", default=None)


def begin(request: HttpRequest) -> None:
    """Note which request the templates are rendered for, also those that are not told."""
    _request.set(weakref.ref(request))


@cache
def protect_fragments() -> None:
    """Stop ``{% cache %}`` from storing anything of a request whose session is known.

    Its module looks its caches up under a name that is replaced here, so that it does not matter when a template was
    compiled, and tags that are derived from it are protected too.
    """
    module: Any = djangos
    module.caches = FragmentCaches(module.caches)


class FragmentCaches:
    """Stands for ``django.core.cache.caches`` in the module of ``{% cache %}``."""

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
        reference = _request.get()
        if not is_known(reference and reference()):
            self._inner.set(*args, **kwargs)


def is_known(request: Any) -> bool:
    """Whether the session of ``request``, or of the request inside this object, is known; False for None."""
    state = getattr(request, "_ory_mfa", None)
    return state is not None and state.known_session is not None
