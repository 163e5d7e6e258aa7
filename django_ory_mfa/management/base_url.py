"""The base URL of a service, as an option of a command."""

from __future__ import annotations

from django.core.management.base import CommandError

from django_ory_mfa.core.flows import is_return_to

MISUSED = 2


def base_url(option: str, url: str) -> str:
    """Return ``url``, which ``option`` gives, without its last slash; raises ``CommandError`` if it cannot be one."""
    # A URL passes for its own origin only if all parsers split it in the same way.
    if not is_return_to(url, url) or "?" in url or "#" in url:
        # SECURITY: the value is not shown, since it may contain a password.
        message = f"{option} must be an http or https URL without user information and query"
        raise CommandError(message, returncode=MISUSED)
    return url.rstrip("/")
