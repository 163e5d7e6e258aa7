"""What is shown of a change before it is made: the diff of a file, or the keys of a project."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from django_ory_mfa.management.control.document import MISSING
from django_ory_mfa.management.control.formats import format_of
from django_ory_mfa.management.control.plan import Change
from django_ory_mfa.management.control.shown import clean, shown
from django_ory_mfa.management.control.visible import MASK, masked_lines

CONTEXT = 3  # lines
LEGEND = f"({MASK} replaces text that is not shown: only MFA keys and their values are.)"
Opcode = tuple[str, int, int, int, int]


class _Side:
    """One side of a diff: the lines to compare, the lines to show, and the known keys on each."""

    def __init__(self, path: Path, text: str) -> None:
        spans = list(format_of(path).visible(text))
        self.lines = text.removesuffix("\n").split("\n")
        self.masked = masked_lines(text, spans)
        starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._keys = [(bisect_right(starts, span.start) - 1, span.key) for span in spans if span.key]

    def keys(self, start: int, end: int) -> set[str]:
        return {key for line, key in self._keys if start <= line < end}


def file_diff(path: Path, old: str, new: str, keys: Sequence[str]) -> str:
    """Return the unified diff of a file, with all masked that is not a known key, its value or punctuation.

    The head of each hunk names those of ``keys`` that are on its changed lines.
    """
    before, after = _Side(path, old), _Side(path, new)
    hunks = SequenceMatcher(None, before.lines, after.lines).get_grouped_opcodes(CONTEXT)
    lines = [line for hunk in hunks for line in _hunk(hunk, before, after, keys)]
    legend = [LEGEND] if any(MASK in line for line in lines) else []
    return "\n".join([f"--- {clean(path)}", f"+++ {clean(path)} (after the change)", *lines, *legend])


def _hunk(opcodes: Sequence[Opcode], old: _Side, new: _Side, keys: Sequence[str]) -> list[str]:
    lines: list[str] = []
    changed: set[str] = set()
    for tag, i1, i2, j1, j2 in opcodes:
        if tag == "equal":
            lines += [f" {line}" for line in new.masked[j1:j2]]
        else:
            lines += [f"-{line}" for line in old.masked[i1:i2]] + [f"+{line}" for line in new.masked[j1:j2]]
            changed |= old.keys(i1, i2) | new.keys(j1, j2)
    (_, i1, _, j1, _), (_, _, i2, _, j2) = opcodes[0], opcodes[-1]
    names = ", ".join(key for key in keys if key in changed)
    return [f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@ {names}".rstrip(), *lines]


def _range(start: int, end: int) -> str:
    return f"{start + 1 if end > start else start},{end - start}"


def key_list(label: str, changes: Sequence[Change]) -> str:
    """Return what changes key by key; of an unknown key only the name."""
    lines = [f"Keys that change in {clean(label)}:"]
    for change in changes:
        if not change.is_known:
            lines.append(f" {clean(change.name)}: changes (value not shown)")
            continue
        values = (("-", change.before), ("+", change.after))
        lines += [f"{sign}{change.name}: {shown(value)}" for sign, value in values if value is not MISSING]
    return "\n".join(lines)
