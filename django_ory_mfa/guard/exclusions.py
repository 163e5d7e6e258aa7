"""Rules that say of paths which ones they do not match, such as ``/(?!intern/)``."""

from __future__ import annotations

import re
from functools import cache

PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
LOOK_AROUND = re.compile(r"\(\?<?[=!]")


def has_exclusions(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` says which paths it does not match. To exclude a slash in ``[^/]`` names no page."""
    return without_exclusions(pattern).pattern != pattern.pattern


@cache
def without_exclusions(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Return ``pattern`` without its look-arounds, and with signs that its ``[^…]`` exclude.

    If that is no pattern, return one that matches every path.
    """
    text, kept, depth = pattern.pattern, "", 0
    for part in PART.finditer(text):
        if depth:
            depth += (part[0] == "(") - (part[0] == ")")
        elif LOOK_AROUND.match(text, part.start()):
            depth = 1
        elif part[0].startswith("[^"):
            kept += "[^/]" if "/" in part[0] else "."
        else:
            kept += part[0]
    try:
        return re.compile(kept, pattern.flags)
    except re.error:
        return re.compile("")
