"""What the regex of a rule says of paths that it does not match, and whether it may be changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from string import ascii_lowercase

# The parts of a regex, each of them an escape, a set, a quantifier, or one sign.
PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
# An escape, and of which sign if that is named by a number.
ESCAPE = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|.)", re.DOTALL)
REPEATS = re.compile(r"[*+]|\{\d*,?\d*\}")
# Look-arounds and `[^…]`; but to exclude a slash names no page.
EXCLUSION = re.compile(r"\(\?<?[!=]|\[\^(?!/\])")
# No rule excludes these.
NAMES = ("\0", "98765432109876543210", "qzxvkjqzxvkj")
MOST_SEGMENTS = 24


def has_exclusions(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` says which paths it does not match."""
    return EXCLUSION.search(pattern.pattern) is not None


def matches_other_names(pattern: re.Pattern[str], path: str) -> bool:
    """Whether ``pattern`` matches ``path`` where its last segments have names that nobody excludes."""
    segments = path.split("/")
    if len(segments) > MOST_SEGMENTS:
        return True
    return any(pattern.match(other) for name in NAMES for other in _renamed(segments, name))


@cache
def is_steep(pattern: re.Pattern[str]) -> bool:
    """Whether to ignore case and accents may give ``pattern`` many ways to match one text, so that it takes seconds.

    ``(?:[A-Z][a-z]+)+`` splits a text into words, in one way; if it ignores case, in as many ways as there are.
    """
    widening, repeats = [False], 0
    is_last_widening = has_widening_set = False
    for part in PART.findall(without_escapes(pattern)):
        is_repeat = REPEATS.fullmatch(part) is not None
        if is_repeat and is_last_widening:
            return True
        repeats += is_repeat
        is_last_widening = False
        if part == "(":
            widening.append(False)
        elif part == ")" and len(widening) > 1:
            is_last_widening = widening.pop()
            widening[-1] |= is_last_widening
        elif _widens(part):
            widening[-1] = True
            has_widening_set |= part.startswith("[")
    return has_widening_set and repeats > 1


def without_escapes(pattern: re.Pattern[str]) -> str:
    """Return the text of ``pattern`` with every sign beyond ASCII as it is, and not named by a number."""
    return ESCAPE.sub(_unescaped, pattern.pattern)


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1][1:], 16)) if escape[1] else ""
    return escape[0] if sign.isascii() else sign


def _renamed(segments: list[str], name: str) -> Iterable[str]:
    for at in range(1, len(segments)):
        yield "/".join([*segments[:at], *(segment and name for segment in segments[at:])])


def _widens(part: str) -> bool:
    """Whether this part of a regex matches more if case and accents are ignored, in paths in small plain letters."""
    if not part.isascii():
        return True
    if part.startswith("["):
        try:
            one = re.compile(part)
        except re.error:
            # It is in a comment of a verbose regex.
            return True
        return any(one.match(letter.upper()) and not one.match(letter) for letter in ascii_lowercase)
    return part.isupper() and not part.startswith("\\")
