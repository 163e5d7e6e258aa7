"""Django sessions in a dict, by a backend as sites write them: the blocking methods and nothing else."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

STORED: dict[str, dict[str, Any]] = {}
#: What was asked of the store, in order.
ASKED: list[str] = []


class SessionStore(SessionBase):
    """Keeps sessions in this process."""

    # What Django's own stores call, and django-stubs leave out.
    _get_new_session_key: Any
    _get_session: Any

    def load(self) -> dict[str, Any]:
        ASKED.append("load")
        if self.session_key not in STORED:
            self._session_key = None
            return {}
        return deepcopy(STORED[self.session_key])

    def exists(self, session_key: str) -> bool:
        return session_key in STORED

    def create(self) -> None:
        self._session_key = self._get_new_session_key()
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        if self.session_key is None:
            return self.create()
        ASKED.append("save")
        data = self._get_session(no_load=must_create)
        if must_create and self.session_key in STORED:
            raise CreateError
        if not must_create and self.session_key not in STORED:
            raise UpdateError
        STORED[self.session_key] = deepcopy(data)
        return None

    def delete(self, session_key: str | None = None) -> None:
        ASKED.append("delete")
        STORED.pop(session_key or self.session_key or "", None)
