"""Django sessions of a class that wants to know the name of each class derived from it."""

from __future__ import annotations

from typing import Any

from tests.backends import plain_sessions


class SessionStore(plain_sessions.SessionStore):
    """Keeps sessions where the plain one does."""

    def __init_subclass__(cls, *, name: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
