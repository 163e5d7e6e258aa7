"""Changes one value in a text in YAML; every other character stays."""

from __future__ import annotations

import re
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from django_ory_mfa.management.control.document import Path, canonical, nest, predecessor, with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.yaml_text import flow, load, scalar

STEP = 2  # spaces, where the text has no indentation
Entry = tuple[Node, Node]


class UnspliceableError(ControlError):
    """The text is written in a way that does not allow to change this key alone."""


def splice(text: str, path: Path, value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``; a new key follows the keys that belong before it.

    Raises ``UnspliceableError`` where the key cannot be changed alone, ``ControlError`` if the text is not YAML.
    """
    before = load(text)
    spliced = _Splice(text, path, value).changed()
    # This proves that the key has the value and that nothing else is different.
    if not _is(spliced, with_value(before, path, value)):
        raise _refusal(path, "other keys would change too")
    return spliced


def _is(text: str, config: Any) -> bool:
    try:
        return canonical(load(text)) == canonical(config)
    except ControlError:
        return False


def _refusal(path: Path, why: str) -> UnspliceableError:
    return UnspliceableError(f"{'.'.join(path)} cannot be changed without other lines: {why}. Edit the file by hand.")


class _Splice:
    """A text, its tree, whose nodes know where they begin and end, and the key that changes."""

    def __init__(self, text: str, path: Path, value: Any) -> None:
        self.text = text
        self.path = path
        self.value = value
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.root = cast("Node", YAML(typ="rt", pure=True).compose(text))

    def changed(self) -> str:
        if re.search(r"^%", self.text, re.MULTILINE):
            raise self._refusal("the file has a %YAML or %TAG directive")
        child = self.root
        for depth, name in enumerate(self.path):
            node = self._mapping(child, depth)
            if any(entry.tag == "tag:yaml.org,2002:merge" for entry, _ in node.value):
                raise self._refusal("an object includes another one (<<)")
            entries = {entry.value: inner for entry, inner in node.value}
            if name not in entries:
                return self._insert(node, depth)
            child = entries[name]
        return self._replace(child)

    def _refusal(self, why: str) -> UnspliceableError:
        return _refusal(self.path, why)

    def _mapping(self, node: Node, depth: int) -> MappingNode:
        self._check(node)
        if isinstance(node, MappingNode):
            return node
        where = ".".join(self.path[:depth]) or "the file"
        raise self._refusal(f"{where} is not an object")

    def _check(self, node: Node) -> None:
        if node.anchor is not None:
            raise self._refusal("there is an anchor or alias, at the key or around it")
        if self._of(node).startswith("!"):
            raise self._refusal("there is a tag, at the key or around it")

    # A value that is there.

    def _replace(self, node: Node) -> str:
        self._check(node)
        if isinstance(node, SequenceNode) and isinstance(self.value, list):
            return self._replace_list(node)
        old = self._of(node)
        if not isinstance(node, ScalarNode) or isinstance(self.value, (list, dict)) or not old or old[0] in "|>":
            raise self._refusal("its value is of another kind, empty, or a block of text")
        return self._put(node.start_mark.index, node.end_mark.index, scalar(self.value, like=old))

    def _replace_list(self, node: SequenceNode) -> str:
        if node.flow_style:
            if "#" in self._of(node):
                raise self._refusal("there is a comment inside the list")
            return self._put(node.start_mark.index, node.end_mark.index, flow(self.value))
        old = [item.value for item in node.value]
        if self.value[: len(old)] != old:
            raise self._refusal("entries of the list would go or change their order")
        indent = " " * node.start_mark.column
        lines = "".join(f"{indent}- {scalar(item)}{self.newline}" for item in self.value[len(old) :])
        return self._with_lines(self._line_end(node.value[-1].end_mark.index), lines)

    # A new key.

    def _insert(self, node: MappingNode, depth: int) -> str:
        if not node.value:
            at = node.start_mark.index + 1
            return self._put(at, at, self._flow_entry(depth))
        kinds = {entry.value: isinstance(child, MappingNode) for entry, child in node.value}
        number = predecessor(self.path[: depth + 1], kinds, is_object=depth < len(self.path) - 1)
        if node.flow_style:
            return self._insert_in_flow(node, node.value[number], depth)
        lines = self._block(node.value[number], depth, node.start_mark.column)
        return self._with_lines(self._end_of_entry(node, number), "".join(f"{line}{self.newline}" for line in lines))

    def _end_of_entry(self, node: MappingNode, number: int) -> int:
        """Return where the line after an entry begins; comments above the next entry belong to that one."""
        is_last = number == len(node.value) - 1
        following = node.end_mark.index if is_last else node.value[number + 1][0].start_mark.index
        at = following if following == len(self.text) else self._line_start(following)
        if is_last and node is self.root:
            return at
        while self._is_before_entry(line := self.text[self._line_start(at - 1) : at], node.start_mark.column):
            at -= len(line)
        return at

    def _is_before_entry(self, line: str, column: int) -> bool:
        """Whether a line is empty, or a comment that is not part of an object inside the entry above it."""
        text = line.lstrip(" ")
        return not text.strip() or (text.startswith("#") and len(line) - len(text) <= column)

    def _block(self, like: Entry, depth: int, column: int) -> list[str]:
        """Return the lines of a new key at ``column``, written like the entry that it follows."""
        quoted, neighbour = self._of(like[0]), like[1]
        *parents, last = self.path[depth:]
        step = self._step()
        if isinstance(neighbour, MappingNode) and neighbour.anchor is None:
            if parents and neighbour.flow_style:
                return [" " * column + self._flow_entry(depth, quoted, self._of(neighbour))]
            step = step if neighbour.flow_style else neighbour.start_mark.column - column
        lines = [f"{' ' * (column + step * n)}{scalar(name, like=quoted)}:" for n, name in enumerate(parents)]
        indent = " " * (column + step * len(parents))
        if isinstance(self.value, list) and self.value:
            items = (f"{indent}{' ' * step}- {scalar(item, like=quoted)}" for item in self.value)
            return [*lines, f"{indent}{scalar(last, like=quoted)}:", *items]
        return [*lines, f"{indent}{scalar(last, like=quoted)}: {flow(self.value, quoted=quoted)}"]

    def _insert_in_flow(self, node: MappingNode, like: Entry, depth: int) -> str:
        key, neighbour = like
        entry = self._flow_entry(depth, self._of(key), self._of(node))
        at = neighbour.end_mark.index
        before = self.text[self._line_start(key.start_mark.index) : key.start_mark.index]
        rest = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\n]*)?\r?\n").match(self.text, at)
        if before.strip() or rest is None:
            return self._put(at, at, f", {entry}")
        # The neighbour has a line of its own, and keeps the comment there.
        text = self._put(rest.end(), rest.end(), f"{before}{entry}{rest[1]}{self.newline}")
        return text if rest[1] else f"{text[:at]},{text[at:]}"

    def _flow_entry(self, depth: int, quoted: str = "", padded: str = "") -> str:
        """Return the new key and its value on one line, with quotes and spaces as in the two texts beside it."""
        value = nest(self.path[depth + 1 :], self.value)
        return f"{scalar(self.path[depth], like=quoted)}: {flow(value, padded=padded, quoted=quoted)}"

    def _step(self) -> int:
        """Return how far the text indents, by the first key of the root that has an object with lines of its own."""
        children = (child for _, child in cast("MappingNode", self.root).value)
        columns = (
            child.start_mark.column for child in children if isinstance(child, MappingNode) and not child.flow_style
        )
        return next((column for column in columns if column), STEP)

    # Texts.

    def _of(self, node: Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def _put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def _with_lines(self, at: int, lines: str) -> str:
        """Return the text with ``lines`` at ``at``, where a line begins or the text ends."""
        gap = self.newline if at and self.text[at - 1] != "\n" else ""
        return self._put(at, at, gap + lines)

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        """Return where the line after that of ``index`` begins."""
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end + 1
