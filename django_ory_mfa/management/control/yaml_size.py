"""Computes the size of a YAML text with its aliases expanded, without expanding them."""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from django_ory_mfa.management.control.size import MOST_VALUES, Size


def check_yaml(text: str, *, most: int = MOST_VALUES) -> None:
    """Raise ``TooLargeError`` if ``text`` has, or expands to, more than ``most`` values; also the errors of the parser.

    SECURITY: a few hundred bytes of aliases to aliases expand to gigabytes. Only one event of the parser is in memory
    at a time.
    """
    size = Size(most)
    # For each anchor, the number of values that an alias to it repeats.
    repeated: dict[str, int] = {}
    # For each collection around this place, its anchor and the number of values before it.
    around: list[tuple[str | None, int]] = []
    for event in YAML(typ="safe", pure=True).parse(text):
        before = size.values
        if isinstance(event, CollectionEndEvent):
            anchor, before = around.pop()
        else:
            anchor = getattr(event, "anchor", None)
        _add(size, event, repeated)
        if isinstance(event, CollectionStartEvent):
            around.append((anchor, before))
            size.descend(len(around))
        elif anchor is not None and not isinstance(event, AliasEvent):
            repeated[anchor] = size.values - before


def _add(size: Size, event: object, repeated: dict[str, int]) -> None:
    if isinstance(event, AliasEvent):
        # An alias inside of what it repeats expands without end; json.dumps() in load() refuses it.
        size.add(repeated.get(event.anchor, 1))
    elif isinstance(event, (ScalarEvent, CollectionStartEvent)):
        size.add(1)
    if isinstance(event, ScalarEvent):
        size.add_text(event.value)
