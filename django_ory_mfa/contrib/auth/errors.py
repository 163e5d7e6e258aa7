"""The error for a person who is signed in at Ory and can have no Django user."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied


class UserConflict(PermissionDenied):
    """The identity can be linked to no user; ``request.user`` raises it.

    ``reason`` is ``"conflict"`` (another user has the username or e-mail address), ``"email_unverified"`` (users are
    named by their e-mail address, and Ory has verified none) or ``"unusable"`` (the database cannot store what Ory
    says, as a name that is too long). The middleware answers it with a page, status 403.
    """

    def __init__(self, reason: str = "conflict") -> None:
        super().__init__(reason)
        self.reason = reason
