"""How large a text in YAML is once its aliases are unfolded, found out without unfolding them."""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from django_ory_mfa.management.control.size import MOST_VALUES, Size


def check_yaml(text: str, *, most: int = MOST_VALUES) -> None:
    """Raise ``TooLargeError`` if ``text`` holds, or unfolds to, more than ``most`` values; and what the parser raises.

    SECURITY: a few hundred bytes of aliases to aliases are gigabytes once they are copied. Only one event of the parser
    is in memory at a time.
    """
    size = Size(most)
    # By the name of an anchor: how many values an alias to it repeats.
    repeated: dict[str, int] = {}
    # The anchor of each collection around this place, and how many values there were before it.
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
        # One that stands inside of what it repeats has no end, and is refused by whoever copies it.
        size.add(repeated.get(event.anchor, 1))
    elif isinstance(event, (ScalarEvent, CollectionStartEvent)):
        size.add(1)
    if isinstance(event, ScalarEvent):
        size.add_text(event.value)
