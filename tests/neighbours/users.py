"""The middleware of users for a neighbour that needs a sign-in of Django's."""

from __future__ import annotations

from django_ory_mfa.contrib.auth.middleware import OryUserMiddleware


class EmergencyUserMiddleware(OryUserMiddleware):
    session_fallback = True
