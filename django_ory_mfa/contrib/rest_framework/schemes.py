"""How a session is sent, for drf-spectacular, which knows the class below once this module is imported."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from django_ory_mfa.request.credential import usual_cookie


class OryScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]  # it has no types that are looked into
    """The session cookie, a session token in its own header, or the same token as a bearer token."""

    target_class = "django_ory_mfa.contrib.rest_framework.authentication.OryAuthentication"
    match_subclasses = True
    name = ("OryCookie", "OrySessionToken", "OryBearer")

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return the three as alternatives."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return what each of them is."""
        return [
            {"type": "apiKey", "in": "cookie", "name": usual_cookie()},
            {"type": "apiKey", "in": "header", "name": "X-Session-Token"},
            {"type": "http", "scheme": "bearer"},
        ]
