"""Names of parametrized tests that are the same in every process."""

from __future__ import annotations

import re


def stable(value: object) -> str:
    """``repr`` without the addresses of objects, and with sets in order."""
    if isinstance(value, (set, frozenset)) and value:
        return f"{type(value).__name__}({', '.join(sorted(map(repr, value)))})"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
