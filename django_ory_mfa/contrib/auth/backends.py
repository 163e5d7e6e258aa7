"""The authentication backend: permissions of users who sign in at Ory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

if TYPE_CHECKING:
    from django.http import HttpRequest


class OryBackend(ModelBackend):
    """Provides Django's model permissions; it authenticates no one, whatever the password."""

    def authenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> None:
        """Return None: people sign in at Ory."""

    async def aauthenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> None:
        """``authenticate`` for async code."""
