"""Find out from the text of a regex which paths it can match; parts that cannot be read may match anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django_ory_mfa.guard.regexes import PART

QUANTIFIER = re.compile(r"[*+?]|\{\d+,?\d*\}|\{,\d+\}")
# Quantifiers that also match nothing: ?, *, {0,3}, {,3}.
OPTIONAL = re.compile(r"[*?]|\{0|\{,")
FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
PLAIN_GROUP = re.compile(r"\((?!\?)|\(\?:|\(\?P<\w+>")
ENDS = ("/", r"\/", "$", r"\b", r"\Z", r"\z")

# An atom (a group counts as one) and its quantifier.
Piece = tuple[str, str]


def branches(text: str) -> list[list[Piece]]:
    """Return the alternatives of a regex, each as a list of pieces."""
    found: list[list[Piece]] = [[]]
    depth = 0
    for part in PART.findall(text):
        pieces = found[-1]
        if depth:
            pieces[-1] = (pieces[-1][0] + part, "")
        elif part == "|":
            found.append([])
        elif QUANTIFIER.fullmatch(part) and pieces:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + part)
        else:
            pieces.append((part, ""))
        depth += (part == "(") - (part == ")")
    return found


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the regex that consists of ``pieces``."""
    return "".join(atom + quantifier for atom, quantifier in pieces)


def can_begin_with_slash(pieces: Iterable[Piece]) -> bool:
    """Return False only if no text that ``pieces`` match can begin with a slash."""
    for atom, quantifier in pieces:
        starts = _starts_with_slash(atom)
        if starts:
            return True
        if starts is False and not OPTIONAL.match(quantifier):
            return False
    return True


def has_end(pieces: list[Piece]) -> bool:
    """Whether ``pieces`` end at a path boundary: with a slash, an anchor or a lookahead."""
    while pieces and pieces[-1][0] == "." and pieces[-1][1][:1] in ("*", "+"):
        pieces = pieces[:-1]
    if not pieces or OPTIONAL.match(pieces[-1][1]):
        return False
    atom = pieces[-1][0]
    if PLAIN_GROUP.match(atom):
        return all(has_end(branch) for branch in branches(_inside(atom)))
    return atom in ENDS or atom.startswith(("(?=", "(?!"))


def _starts_with_slash(atom: str) -> bool | None:
    """Whether ``atom`` matches a slash, True also if it cannot be read; None if it matches an empty text."""
    if PLAIN_GROUP.match(atom):
        return any(can_begin_with_slash(branch) for branch in branches(_inside(atom)))
    if atom.startswith("("):
        return None if FLAGS.fullmatch(atom) else True
    try:
        found = re.match(atom, "/")
    except re.error:
        return True
    return None if found and not found.group() else found is not None


def _inside(group: str) -> str:
    return PLAIN_GROUP.sub("", group, count=1)[:-1]
