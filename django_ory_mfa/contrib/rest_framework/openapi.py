"""What drf-spectacular adds to the schema of an API whose views ask for levels."""

from __future__ import annotations

from typing import Any


def spectacular_hook(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001 - given by position
    """Return the schema, completed; for ``POSTPROCESSING_HOOKS`` of drf-spectacular."""
    return result
