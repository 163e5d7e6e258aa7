"""What the regex of a rule says of paths that it does not match, and whether it may be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from string import ascii_lowercase, ascii_uppercase, digits

# The parts of a regex, each of them an escape, a set, a quantifier, or one sign.
PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
# An escape, and of which sign if that is named by a number.
ESCAPE = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|.)", re.DOTALL)
REPEATS = re.compile(r"[*+]|\{\d*,?\d*\}")
WITHOUT_END = re.compile(r"[*+]|\{\d*,\}")
# Look-arounds, `[^…]`, and what is no digit; but to exclude a slash names no page.
EXCLUSION = re.compile(r"\(\?<?[!=]|\[\^(?!/\])|\\D")
# A range of letters beyond ASCII, in a set.
RANGE = re.compile(r"[^\x00-\x7f]-[^\]]|[^\[]-[^\x00-\x7f]")
# By which signs the letters and digits of a name are replaced.
NAMES = tuple(
    str.maketrans(ascii_lowercase + ascii_uppercase + digits, 26 * small + 26 * small.upper() + 10 * digit)
    for small, digit in ("q9", "z8")
)
MOST_SEGMENTS = 24


def has_exclusions(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` says which paths it does not match."""
    return EXCLUSION.search(pattern.pattern) is not None


def matches_other_names(pattern: re.Pattern[str], path: str) -> bool:
    """Whether ``pattern`` matches ``path`` where a segment, or all from one on, has a name that nobody excludes."""
    segments = path.split("/")
    return len(segments) > MOST_SEGMENTS or any(map(pattern.match, _renamed(segments)))


@cache
def must_stay(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` cannot ignore case and accents: it would match fewer paths, or might take minutes.

    ``(?:[A-Z][a-z]+)+`` splits a text into words, in one way; if it ignores case, in as many ways as there are.
    """
    parts = PART.findall(without_escapes(pattern))
    return any(map(_narrows, parts)) or _is_steep(parts)


def has_range(part: str) -> bool:
    """Whether this part of a regex is a set with a range beyond ASCII, in which no letter can be changed."""
    return part.startswith("[") and RANGE.search(part) is not None


def without_escapes(pattern: re.Pattern[str]) -> str:
    """Return the text of ``pattern`` with every sign beyond ASCII as it is, and not named by a number."""
    return ESCAPE.sub(_unescaped, pattern.pattern)


def _unescaped(escape: re.Match[str]) -> str:
    sign = chr(int(escape[1][1:], 16)) if escape[1] else ""
    return escape[0] if sign.isascii() else sign


def _renamed(segments: list[str]) -> Iterator[str]:
    for at, segment in enumerate(segments):
        for name in _other_names(segment):
            yield "/".join([*segments[:at], name, *segments[at + 1 :]])
    for signs in NAMES:
        renamed = [segment.translate(signs) for segment in segments]
        yield from ("/".join([*segments[:at], *renamed[at:]]) for at in range(1, len(segments)))


def _other_names(segment: str) -> Iterator[str]:
    """Yield names of the same shape, and of letters alone, since a pattern may ask for a year or exclude numbers."""
    stem, dot, extension = segment.rpartition(".")
    for text, end in ((segment, ""), (stem, f"{dot}{extension}")):
        if text:
            yield from (text.translate(signs) + end for signs in NAMES)
        if not text.isascii():
            yield text[1:] + text[:1] + end
        if text and (text.isdigit() or not text.isascii() or not text[0].isalnum()):
            yield "q" * len(text) + end


def _widens(part: str) -> bool:
    """Whether this part of a regex matches more if case and accents are ignored, in paths in small plain letters."""
    if part.startswith("["):
        is_changed = not part.isascii() and not has_range(part)
        return is_changed or any(_matches(part, one.upper()) > _matches(part, one) for one in ascii_lowercase)
    return not part.isascii() or (part.isupper() and not part.startswith("\\"))


def _narrows(part: str) -> bool:
    """Whether this part of a regex matches less if case and accents are ignored."""
    return part.startswith("[^") and any(_matches(part, one) > _matches(part, one.upper()) for one in ascii_lowercase)


def _is_steep(parts: list[str]) -> bool:
    # For the whole regex, and each group around a part: whether something in it matches more then.
    widening = [False]
    is_group_widening = has_widening_set = spans_segments = False
    before, repeats = "", 0
    for part in parts:
        if REPEATS.fullmatch(part):
            repeats += WITHOUT_END.fullmatch(part) is not None
            if (before == ")" and is_group_widening) or (has_widening_set and repeats > 1):
                return True
            spans_segments |= before == ")" or _matches(before, "/")
        elif part == "(":
            widening.append(False)
        elif part == ")" and len(widening) > 1:
            is_group_widening = widening.pop()
            widening[-1] |= is_group_widening
        elif _widens(part):
            widening[-1] = True
            has_widening_set |= part.startswith("[")
        elif part == "/" and len(widening) == 1 and not spans_segments:
            # What is repeated in one segment does not compete with what is repeated in the next.
            has_widening_set, repeats = False, 0
        before = part
    return False


def _matches(part: str, sign: str) -> bool:
    try:
        return re.fullmatch(part, sign, re.DOTALL) is not None
    except re.error:
        # It is in a comment of a verbose regex, or a part of something longer.
        return True
