"""Configuration files in JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from django_ory_mfa.management.control.document import Path, with_value
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.size import check_size


def load(text: str) -> Any:
    """The configuration in ``text``; raises ``ControlError`` if there is none, or if a name stands there twice."""
    try:
        config = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"It cannot be read as JSON{where}."
        raise ControlError(message) from None
    check_size(config)
    return config


def splice(text: str, path: Path, value: Any) -> str:
    """``text`` with ``value`` at ``path``, with the indentation that it has."""
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    config = with_value(load(text), path, value)
    lines = json.dumps(config, indent=found[1] if found else None, ensure_ascii=text.isascii())
    end = text[len(text.rstrip()) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    return ("\ufeff" if text.startswith("\ufeff") else "") + lines.replace("\n", newline) + end


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found
