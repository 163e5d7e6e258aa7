"""A Django session whose key is read only after its owner was compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import Enum
from functools import cache
from types import new_class
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation


class Key(Enum):
    """What is told to code that reads the key before the session is loaded."""

    OWNED = "the key, after the session was loaded and its owner compared"
    RAW = "the key as it is, to code of Django that loads or saves"
    HIDDEN = "None, to code of the site that helps to find the owner"


_told: ContextVar[Key] = ContextVar("ory_mfa_key", default=Key.OWNED)


@contextmanager
def telling(key: Key) -> Iterator[None]:
    """Within this block, ``key`` says what is told."""
    before = _told.set(key)
    try:
        yield
    finally:
        _told.reset(before)


class OwnedSession:
    """What ``owned`` puts before a class of Django sessions.

    SECURITY: a site may keep under the key what belongs to the person, a basket for example, and never load the session
    itself. Loading compares the owner, and gives the session of somebody else up.
    """

    @property
    def session_key(self) -> str | None:
        """The key of the session; raises ``SynchronousOnlyOperation`` if it needs a database to load first."""
        told = Key.RAW if hasattr(self, "_session_cache") else _told.get()
        if told is Key.HIDDEN:
            return None
        if told is Key.OWNED:
            self._load_for_key()
        key: str | None = super().session_key  # type: ignore[misc]
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
        with telling(Key.RAW):
            return super()._get_session(no_load)  # type: ignore[misc]

    _session = property(_get_session)

    async def _aget_session(self, no_load: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        with telling(Key.RAW):
            return await super()._aget_session(no_load)  # type: ignore[misc]

    def clear(self) -> None:
        """Empty the session, once it is loaded, so that the key of somebody else's session is given up.

        In an event loop, a session of a store that needs a database is emptied without that.
        """
        if _told.get() is Key.OWNED:
            with suppress(SynchronousOnlyOperation):
                self._get_session()
        super().clear()  # type: ignore[misc]

    async def adelete(self, session_key: str | None = None) -> None:
        """Delete this session, once it is loaded, or the one with ``session_key``."""
        if session_key is None:
            await self._aget_session()
        await super().adelete(session_key)  # type: ignore[misc]


@cache
def owned(store: Any) -> Any:
    """Return the subclass of ``store``, a class of Django sessions, that loads before it tells its key.

    Raises ``TypeError`` if ``store`` cannot be derived like that.
    """
    named = {"__module__": store.__module__, "__qualname__": store.__qualname__}
    return new_class(store.__name__, (OwnedSession, store), exec_body=lambda names: names.update(named))
