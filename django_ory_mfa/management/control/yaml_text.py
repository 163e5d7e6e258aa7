"""YAML 1.2 as Kratos reads it: reading, writing, and changing one value in a text while every other byte stays."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from django_ory_mfa.management.control.document import Path, canonical, nest, with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.yaml_size import check_yaml

PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./:-]*[A-Za-z0-9_/])?")
DURATION = re.compile(r"(?:[0-9]+(?:ns|us|ms|s|m|h))+")
RESERVED = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
STEP = 2  # spaces, where the text does not say


class UnspliceableError(ControlError):
    """The text is written in a way that cannot be changed without touching more of it."""


def load(text: str) -> Any:
    """The configuration in ``text``; raises ``ControlError`` if there is none."""
    try:
        check_yaml(text)
        config = YAML(typ="safe", pure=True).load(text)
        # Aliases become copies, so that a change is seen where it is made and nowhere else.
        return json.loads(json.dumps(config, default=str))
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        # SECURITY: the message of the parser quotes the text, which may hold secrets.
        message = f"It cannot be read as YAML 1.2{_where(error)}."
        raise ControlError(message) from None


def dump(config: Any, comments: list[str]) -> str:
    """``config`` as YAML, with these comments first; ASCII only."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None
    yaml.width = 10_000
    stream = StringIO()
    yaml.dump(config, stream)
    return "".join(f"# {comment}\n" for comment in comments) + stream.getvalue()


def splice(text: str, path: Path, value: Any) -> str:
    """``text`` with ``value`` at ``path`` and every other character as it was.

    Raises ``UnspliceableError`` where that is not possible, and ``ControlError`` if the text is no YAML.
    """
    before = load(text)
    spliced = _Splice(text).changed(path, value)
    # The proof that nothing else was changed, and that this was.
    if not _is(spliced, with_value(before, path, value)):
        raise _refusal(path, "the change would reach further than this key")
    return spliced


def _is(text: str, config: Any) -> bool:
    try:
        return canonical(load(text)) == canonical(config)
    except ControlError:
        return False


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""


def _refusal(path: Path, why: str) -> UnspliceableError:
    return UnspliceableError(
        f"{'.'.join(path)} cannot be changed here without touching more of the file: {why}. Edit it by hand."
    )


class _Splice:
    """One text and its tree; the nodes know where they begin and end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.root = cast("Node", YAML(typ="rt", pure=True).compose(text))

    def changed(self, path: Path, value: Any) -> str:
        if re.search(r"^%", self.text, re.MULTILINE):
            raise _refusal(path, "the file has a %YAML or %TAG directive")
        key, child = None, self.root
        for depth, name in enumerate(path):
            node = self._mapping(child, path, depth)
            entries = {entry.value: (entry, inner) for entry, inner in node.value}
            if any(entry.tag == "tag:yaml.org,2002:merge" for entry, _ in node.value):
                raise _refusal(path, "a mapping takes values over from elsewhere (<<)")
            if name not in entries:
                return self._insert(path, depth, value, node, key)
            key, child = entries[name]
        return self._replace(path, child, value)

    def _mapping(self, node: Node, path: Path, depth: int) -> MappingNode:
        self._check(node, path)
        if isinstance(node, MappingNode):
            return node
        where = ".".join(path[:depth]) or "the file"
        raise _refusal(path, f"{where} has no keys below it")

    def _check(self, node: Node, path: Path) -> None:
        if node.anchor is not None:
            raise _refusal(path, "an anchor or alias stands on the way to it")
        if self.text[node.start_mark.index : node.start_mark.index + 1] == "!":
            raise _refusal(path, "a tag stands on the way to it")

    def _replace(self, path: Path, node: Node, value: Any) -> str:
        self._check(node, path)
        if isinstance(node, SequenceNode) and isinstance(value, list):
            return self._replace_list(path, node, value)
        old = self._of(node)
        if not isinstance(node, ScalarNode) or isinstance(value, (list, dict)) or not old or old[0] in "|>":
            raise _refusal(path, "its value is of another kind, or written as a block")
        return self._put(node.start_mark.index, node.end_mark.index, scalar(value, like=old))

    def _replace_list(self, path: Path, node: SequenceNode, value: list[str]) -> str:
        old = [item.value for item in node.value]
        kept = [text for text in old if text in value]
        added = value[len(kept) :]
        if node.flow_style:
            if "#" in self._of(node):
                raise _refusal(path, "a comment stands inside of the list")
            return self._put(node.start_mark.index, node.end_mark.index, flow(value))
        if value[: len(kept)] != kept or not kept:
            raise _refusal(path, "the order of the list would change, or nothing of it would stay")
        return self._edit_items(path, node, kept, added)

    def _edit_items(self, path: Path, node: SequenceNode, kept: list[str], added: list[str]) -> str:
        text = self.text
        indent = " " * node.start_mark.column
        last = self._line_end(node.value[-1].end_mark.index)
        lines = "".join(f"{indent}- {scalar(item)}{self.newline}" for item in added)
        if added:
            text = self._with_lines(text, last, lines)
        for item in reversed(node.value):
            if item.value in kept:
                continue
            start, end = self._line_start(item.start_mark.index), self._line_end(item.end_mark.index)
            if not re.fullmatch(r"\s*-\s+", text[start : item.start_mark.index]):
                raise _refusal(path, "an entry shares its line with something else")
            text = text[:start] + text[end:]
        return text

    def _insert(self, path: Path, depth: int, value: Any, node: MappingNode, key: Node | None) -> str:
        rest, name = path[depth + 1 :], path[depth]
        if node.flow_style:
            comma = ", " if node.value else ""
            at = node.value[-1][1].end_mark.index if node.value else node.start_mark.index + 1
            return self._put(at, at, f"{comma}{scalar(name)}: {flow(nest(rest, value))}")
        column = node.start_mark.column
        lines = self._block(path[depth:], value, column)
        if key is None:
            return self._with_lines(self.text, len(self.text), lines)
        return self._with_lines(self.text, self._line_end(key.end_mark.index), lines)

    def _block(self, path: Path, value: Any, column: int) -> str:
        """The lines of a new key, the first indented by ``column``."""
        step = self._step()
        lines = [f"{' ' * (column + step * depth)}{scalar(name)}:" for depth, name in enumerate(path)]
        if isinstance(value, list) and value:
            lines += [f"{' ' * (column + step * len(path))}- {scalar(item)}" for item in value]
        else:
            lines[-1] += f" {flow(value)}"
        return "".join(line + self.newline for line in lines)

    def _step(self) -> int:
        """How far the text indents, by the first key of the root that has some below it."""
        children = (child for _, child in cast("MappingNode", self.root).value)
        columns = (
            child.start_mark.column for child in children if isinstance(child, MappingNode) and not child.flow_style
        )
        return next((column for column in columns if column), STEP)

    def _of(self, node: Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def _put(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]

    def _with_lines(self, text: str, at: int, lines: str) -> str:
        """``lines`` at ``at``, where a line begins or the text ends."""
        gap = self.newline if at and text[at - 1] != "\n" else ""
        return text[:at] + gap + lines + text[at:]

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _line_end(self, index: int) -> int:
        """Where the line after that of ``index`` begins."""
        end = self.text.find("\n", index)
        return len(self.text) if end < 0 else end + 1


def scalar(value: Any, *, like: str = "") -> str:
    """A value that is no list in YAML, in quotes if that of ``like`` is or has to be."""
    if not isinstance(value, str):
        return json.dumps(value)
    if like.startswith("'") and "'" not in value and value.isprintable():
        return f"'{value}'"
    is_plain = DURATION.fullmatch(value) or (PLAIN.fullmatch(value) and value.lower() not in RESERVED)
    return value if is_plain and not like.startswith('"') else json.dumps(value)


def flow(value: Any) -> str:
    """Any value in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(name)}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    return scalar(value)
