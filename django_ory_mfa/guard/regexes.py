"""What the regex of a rule says of paths that it does not match, and whether it may be changed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase

# The parts of a regex, each of them an escape, a set, a quantifier, or one sign.
PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
# An escape, and of which sign if that is named by a number.
ESCAPE = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|.)", re.DOTALL)
REPEATS = re.compile(r"[*+]|\{\d*,?\d*\}")
WITHOUT_END = re.compile(r"[*+]|\{\d*,\}")
# Look-arounds, `[^…]`, and what is no digit.
EXCLUSION = re.compile(r"\(\?<?[!=]|\[\^(?!/\])|\\D")
# A range of letters beyond ASCII, in a set.
RANGE = re.compile(r"[^\x00-\x7f]-[^\]]|[^\[]-[^\x00-\x7f]")
# To exclude a slash names no page.
NEGATIVE = re.compile(r"\(\?<?!(?!/\))")


@dataclass(slots=True)
class Group:
    """A group of a regex, or all of it, and what was found in it so far."""

    is_negative: bool = False
    has_negative: bool = False
    has_widened_set: bool = False
    # Several ways to go on: an alternative, or something that is repeated or optional.
    has_choice: bool = False
    # How many of its parts match a slash, and whether the last one is a slash.
    slashes: int = 0
    ends_with_slash: bool = False

    def tell(self, outer: Group) -> None:
        """Note in the group around this one what was found in it."""
        outer.has_negative |= self.has_negative or self.is_negative
        if not self.is_negative:
            outer.has_widened_set |= self.has_widened_set
            outer.has_choice |= self.has_choice
            outer.slashes += self.slashes

    @property
    def is_ambiguous_if_repeated(self) -> bool:
        """Whether a text may be split in many ways if the group, without what it excludes, is repeated."""
        is_one_segment = self.ends_with_slash and self.slashes == 1
        return self.has_widened_set or (self.has_negative and self.has_choice and not is_one_segment)


class Widening:
    """A regex without what it excludes, as far as it was read."""

    def __init__(self, *, has_sets: bool) -> None:
        self._has_sets = has_sets
        self._groups = [Group()]
        self._before = ""
        self._last: Group | None = None
        self._is_after_set = False
        self.text = ""
        self.repeated_sets = 0
        self.is_ambiguous = False

    def add(self, part: str, *, is_negative: bool) -> None:
        """Add the next part; ``is_negative``: it begins a negative look-around."""
        closed, is_after_set = self._last, self._is_after_set
        self._last, self._is_after_set = None, False
        if is_negative:
            self._groups.append(Group(is_negative=True))
            self.text += "(?:"
        elif part == ")" and len(self._groups) > 1:
            self._close()
        elif self._has_sets and (part == r"\D" or part.startswith("[^")):
            self._groups[-1].has_widened_set = self._is_after_set = True
            self.text += r"[\s\S]" if part != r"\D" and _matches(part, "/") else "[^/]"
        else:
            self.text += part
            if REPEATS.fullmatch(part):
                self.repeated_sets += is_after_set
                self.is_ambiguous |= closed is not None and closed.is_ambiguous_if_repeated
            self._note(part)
        self._groups[-1].ends_with_slash = part == "/"
        self._before = part

    def _close(self) -> None:
        group = self._groups.pop()
        # The groups in what is left out keep their numbers.
        self.text += "){0}" if group.is_negative else ")"
        group.tell(self._groups[-1])
        self._last = None if group.is_negative else group

    def _note(self, part: str) -> None:
        if part == "(":
            self._groups.append(Group())
        elif part == "|" or REPEATS.fullmatch(part) or (part == "?" and self._before != "("):
            self._groups[-1].has_choice = True
        elif part in ("/", ".") or (part.startswith(("[", "\\")) and _matches(part, "/")):
            self._groups[-1].slashes += 1


def has_exclusions(pattern: re.Pattern[str]) -> bool:
    """Whether ``pattern`` says which paths it does not match."""
    return EXCLUSION.search(pattern.pattern) is not None


def may_exclude(pattern: re.Pattern[str], path: str) -> bool:
    """Whether ``pattern`` would match ``path`` without what it excludes; True if that cannot be found out in time."""
    widened = _without_exclusions(pattern)
    return widened is None or widened.match(path) is not None


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


@cache
def _without_exclusions(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """Return ``pattern`` without negative look-arounds, and with any sign for a ``[^…]``, unless that takes minutes."""
    for has_sets in (True, False):
        text = _widened(pattern.pattern, has_sets=has_sets)
        if text is not None:
            with suppress(re.error):
                return re.compile(text, pattern.flags)
    return None


def _widened(text: str, *, has_sets: bool) -> str | None:
    """Return the regex without what it excludes; None if it might have too many ways then to match one text."""
    widening, read_up_to = Widening(has_sets=has_sets), 0
    for found in PART.finditer(text):
        if found.start() < read_up_to:
            continue
        negative = NEGATIVE.match(text, found.start())
        read_up_to = (negative or found).end()
        widening.add(found[0], is_negative=negative is not None)
    return None if widening.is_ambiguous or (widening.repeated_sets > 1 and has_sets) else widening.text


def _widens(part: str) -> bool:
    """Whether this part of a regex matches more if case and accents are ignored, in paths in small plain letters."""
    if part.startswith("["):
        return not part.isascii() or any(_matches(part, one.upper()) > _matches(part, one) for one in ascii_lowercase)
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
