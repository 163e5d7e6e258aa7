"""Which parts of a text in YAML may be shown."""

from __future__ import annotations

from collections.abc import Iterator

from ruamel.yaml import YAML, tokens
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from django_ory_mfa.management.control.document import Path
from django_ory_mfa.management.control.visible import NAMES, Span, is_shown_value, key_of

PUNCTUATION = (
    tokens.BlockEntryToken,
    tokens.DocumentStartToken,
    tokens.FlowEntryToken,
    tokens.FlowMappingEndToken,
    tokens.FlowMappingStartToken,
    tokens.FlowSequenceEndToken,
    tokens.FlowSequenceStartToken,
    tokens.KeyToken,
    tokens.ValueToken,
)
IN_LIST = "[]"  # in a path: no known key is inside a list


def visible(text: str) -> Iterator[Span]:
    """Yield the parts of a YAML ``text`` that may be shown: punctuation, known names, values of known keys.

    Comments, tags, anchors, aliases and values of several lines are never among them.
    """
    for token in YAML(typ="rt", pure=True).scan(text):
        if isinstance(token, PUNCTUATION):
            yield Span(token.start_mark.index, token.end_mark.index)
    yield from _known(text, YAML(typ="rt", pure=True).compose(text), ())


def _known(text: str, node: Node, path: Path) -> Iterator[Span]:
    # SECURITY: an alias refers to a text in another place, which may be a secret.
    if node.anchor is not None:
        return
    if isinstance(node, MappingNode):
        for name, child in node.value:
            yield from _name(text, name, (*path, name.value))
            yield from _known(text, child, (*path, name.value))
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _known(text, item, path if isinstance(item, ScalarNode) else (*path, IN_LIST))
    elif _is_bare(text, node) and is_shown_value(path, node.value):
        yield Span(node.start_mark.index, node.end_mark.index, key_of(path))


def _name(text: str, name: Node, path: Path) -> Iterator[Span]:
    if name.anchor is None and name.value in NAMES and _is_bare(text, name):
        yield Span(name.start_mark.index, name.end_mark.index, key_of(path))


def _is_bare(text: str, node: Node) -> bool:
    """Whether the node is on one line, without a tag before it."""
    written = text[node.start_mark.index : node.end_mark.index]
    return "\n" not in written and not written.startswith("!")
