"""What the method of a request, and the headers of a prefetch, allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

# Methods that change nothing (RFC 9110, section 9.2.1).
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")


def is_head_or_prefetch(request: HttpRequest) -> bool:
    """Whether ``request`` is HEAD or a prefetch, for which no flow may be opened: Ory could send a code by e-mail."""
    purpose = f"{request.headers.get('Sec-Purpose', '')};{request.headers.get('Purpose', '')}"
    return request.method == "HEAD" or "prefetch" in purpose.lower()
