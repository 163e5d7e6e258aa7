"""What the text of a regex tells about the paths that it matches; where it tells nothing, nothing is assumed."""

from __future__ import annotations

import re
from collections.abc import Iterable

PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+,?\d*\}|\{,\d+\}|.", re.DOTALL)
QUANTIFIER = re.compile(r"[*+?]|\{\d+,?\d*\}|\{,\d+\}")
# Comes to nothing as well: ?, *, {0,3}, {,3}.
OPTIONAL = re.compile(r"[*?]|\{0|\{,")
FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
PLAIN_GROUP = re.compile(r"\((?!\?)|\(\?:|\(\?P<\w+>")
ENDS = ("/", r"\/", "$", r"\b", r"\Z", r"\z")

# An atom (a group is one) and the quantifier behind it.
Piece = tuple[str, str]


def branches(text: str) -> list[list[Piece]]:
    """Return the alternatives of a regex, each as the pieces that it consists of."""
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
    """Return the regex that ``pieces`` make."""
    return "".join(atom + quantifier for atom, quantifier in pieces)


def can_begin_with_slash(pieces: Iterable[Piece]) -> bool:
    """Return False only if no text that the pieces match can begin with a slash."""
    for atom, quantifier in pieces:
        starts = _starts_with_slash(atom)
        if starts:
            return True
        if starts is False and not OPTIONAL.match(quantifier):
            return False
    return True


def has_end(pieces: list[Piece]) -> bool:
    """Whether the pieces say where a word of the path ends: by a slash, an anchor or a lookahead."""
    while pieces and pieces[-1][0] == "." and pieces[-1][1][:1] in ("*", "+"):
        pieces = pieces[:-1]
    if not pieces or OPTIONAL.match(pieces[-1][1]):
        return False
    atom = pieces[-1][0]
    if PLAIN_GROUP.match(atom):
        return all(has_end(branch) for branch in branches(_inside(atom)))
    return atom in ENDS or atom.startswith(("(?=", "(?!"))


def _starts_with_slash(atom: str) -> bool | None:
    """Whether ``atom`` matches a slash or cannot be read; None if it matches without taking any text."""
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
