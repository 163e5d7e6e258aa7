"""A Django session whose key is read only after its owner was compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation

# Django's own code reads the key in order to load or save.
_in_store: ContextVar[bool] = ContextVar("ory_mfa_in_store", default=False)


@contextmanager
def in_store() -> Iterator[None]:
    """Within this block, the key is read as it is."""
    before = _in_store.set(True)
    try:
        yield
    finally:
        _in_store.reset(before)


@cache
def owned(store: Any) -> Any:
    """Return the subclass of ``store``, a class of Django sessions, that loads before it tells its key.

    SECURITY: a site may keep under that key what belongs to the person, a basket for example, and never load the
    session itself. Loading compares the owner, and gives the session of somebody else up.
    """

    class OwnedSession(store):  # type: ignore[misc]
        @property
        def session_key(self) -> str | None:
            """The key of the session; raises ``SynchronousOnlyOperation`` if it needs a database to load first."""
            if not (_in_store.get() or hasattr(self, "_session_cache")):
                self._load_for_key()
            key: str | None = super().session_key
            return key

        def _load_for_key(self) -> None:
            try:
                self._get_session()
            except SynchronousOnlyOperation as error:
                raise SynchronousOnlyOperation(
                    "A Django session belongs to one person, so it is loaded before its key is read. In async code, "
                    "load it first: await request.session.akeys()."
                ) from error

        def _get_session(self, no_load: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
            with in_store():
                return super()._get_session(no_load)

        _session = property(_get_session)

        async def _aget_session(self, no_load: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
            with in_store():
                return await super()._aget_session(no_load)

    OwnedSession.__name__, OwnedSession.__qualname__ = store.__name__, store.__qualname__
    OwnedSession.__module__ = store.__module__
    return OwnedSession
