"""Configuration files in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django_ory_mfa.management.control.document import Path, with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.size import check_size
from django_ory_mfa.management.control.visible import NAMES, Span, is_shown_value, key_of

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def load(text: str) -> Any:
    """Return the configuration in ``text``; raises ``ControlError`` if it is not JSON or repeats a name."""
    try:
        config = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"It cannot be read as JSON{where}."
        raise ControlError(message) from None
    check_size(config)
    return config


def dump(config: Any) -> str:
    """Return ``config`` as JSON, indented."""
    return json.dumps(config, indent=2) + "\n"


def splice(text: str, path: Path, value: Any) -> str:
    """Return ``text`` with ``value`` at ``path``, written anew with the same indentation."""
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    config = with_value(load(text), path, value)
    lines = json.dumps(config, indent=found[1] if found else None, ensure_ascii=text.isascii())
    end = text[len(text.rstrip()) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    return ("\ufeff" if text.startswith("\ufeff") else "") + lines.replace("\n", newline) + end


def visible(text: str) -> Iterator[Span]:
    """Yield the parts of a JSON ``text`` that may be shown: punctuation, known names, values of known keys."""
    # The objects and lists around a token: the path, None where nothing is known, and whether it is a list.
    around: list[tuple[Path | None, bool]] = []
    here: Path | None = ()
    is_name = False
    for token in TOKEN.finditer(text.replace("\ufeff", " ", 1)):
        sign = token[0]
        if sign in ("{", "["):
            here = None if around and around[-1][1] else here
            around.append((here, sign == "["))
            is_name = sign == "{"
        elif sign in ("}", "]"):
            around.pop()
        elif sign == ",":
            here, is_name = around[-1][0], not around[-1][1]
        elif sign != ":":
            value = json.loads(sign)
            is_shown = value in NAMES if is_name else is_shown_value(here, value)
            here = (*here, value) if is_name and here is not None else here
            is_name = False
            if is_shown:
                yield Span(token.start(), token.end(), key_of(here))
            continue
        yield Span(token.start(), token.end())


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found
