"""Who reads the answer to a request of Turbo or Unpoly, as the how-to has it."""

from __future__ import annotations

from typing import Any


def client_kind(request: Any) -> str | None:
    is_of_library = "X-Turbo-Request-Id" in request.headers or "X-Up-Version" in request.headers
    return "json" if is_of_library else None
