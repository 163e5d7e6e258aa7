"""A Django session that reveals its key only after its owner was checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import Enum
from functools import cache
from types import new_class
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation


class KeyAccess(Enum):
    """What ``session_key`` returns while the session is not loaded."""

    CHECKED = "the key, after the session was loaded and its owner checked"
    RAW = "the key as it is; for Django's own code that loads or saves"
    HIDDEN = "None; for code of the site that finds out who the owner is"


_access: ContextVar[KeyAccess] = ContextVar("ory_mfa_key", default=KeyAccess.CHECKED)


@contextmanager
def key_access(access: KeyAccess) -> Iterator[None]:
    """Let ``session_key`` return what ``access`` says within this block."""
    before = _access.set(access)
    try:
        yield
    finally:
        _access.reset(before)


class OwnedSession:
    """The base class that ``owned`` puts before a Django session class.

    SECURITY: a site may store data of a person under the key, a basket for example, and never load the session itself.
    Loading checks the owner, and replaces a session that belongs to another person.
    """

    # What the session may keep of data that is stored in it; its owner sets it.
    _ory_mfa_admit: Callable[[dict[str, Any]], dict[str, Any]]

    @property
    def _session_cache(self) -> dict[str, Any]:
        """The data of the session; raises ``AttributeError`` before it is loaded, as Django's attribute does."""
        try:
            data: dict[str, Any] = vars(self)["_session_cache"]
        except KeyError:
            raise AttributeError("_session_cache") from None
        return data

    @_session_cache.setter
    def _session_cache(self, data: dict[str, Any]) -> None:
        # SECURITY: a load that began before the person was known ends here, past the check of the owner.
        vars(self)["_session_cache"] = self._ory_mfa_admit(data)

    @_session_cache.deleter
    def _session_cache(self) -> None:
        vars(self).pop("_session_cache", None)

    @property
    def session_key(self) -> str | None:
        """The key of the session; raises ``SynchronousOnlyOperation`` if it needs a database to load first."""
        access = KeyAccess.RAW if hasattr(self, "_session_cache") else _access.get()
        if access is KeyAccess.HIDDEN:
            return None
        if access is KeyAccess.CHECKED:
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
        with key_access(KeyAccess.RAW):
            return super()._get_session(no_load)  # type: ignore[misc]

    _session = property(_get_session)

    async def _aget_session(self, no_load: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        with key_access(KeyAccess.RAW):
            return await super()._aget_session(no_load)  # type: ignore[misc]

    def clear(self) -> None:
        """Empty the session; it is loaded first, which replaces the session of another person.

        In an event loop, a session whose store needs a database cannot be loaded here, and is only emptied.
        """
        if _access.get() is KeyAccess.CHECKED:
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
    """Return a subclass of ``store``, a Django session class, that loads the session before it reveals the key.

    Raises ``TypeError`` if ``store`` cannot have such a subclass.
    """
    named = {"__module__": store.__module__, "__qualname__": store.__qualname__}
    return new_class(store.__name__, (OwnedSession, store), exec_body=lambda names: names.update(named))
