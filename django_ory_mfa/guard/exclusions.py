"""Rules that say of paths which ones they do not match, such as ``/(?!intern/)``."""

from __future__ import annotations

import re
from functools import cache

PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
LOOK_AROUND = re.compile(r"\(\?<?[=!]")


@cache
def without_exclusions(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """Return ``pattern`` without its look-arounds, and with any sign in the place of its ``[^…]``; None if it has none.

    ``[^/]`` does not count, since it names no page. If the result is no pattern, return one that matches every path.
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
    if kept == text:
        return None
    try:
        return re.compile(kept, pattern.flags)
    except re.error:
        return re.compile("")
