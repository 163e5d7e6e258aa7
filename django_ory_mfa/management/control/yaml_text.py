"""YAML 1.2, as Kratos reads it: reads configurations and writes values."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.keys import DURATION
from django_ory_mfa.management.control.yaml_size import check_yaml

PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./:-]*[A-Za-z0-9_/])?")
RESERVED = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def load(text: str) -> Any:
    """Return the configuration in ``text``; raises ``ControlError`` if it is not YAML 1.2."""
    try:
        check_yaml(text)
        config = YAML(typ="safe", pure=True).load(text)
        # Aliases become copies, so that a change of one does not show in the others.
        return json.loads(json.dumps(config, default=str))
    except (YAMLError, ValueError, TypeError, RecursionError) as error:
        # SECURITY: the message of the parser quotes the text, which may contain secrets.
        message = f"It cannot be read as YAML 1.2{_where(error)}."
        raise ControlError(message) from None


def dump(config: Any) -> str:
    """Return ``config`` as YAML, in ASCII."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None
    yaml.width = 10_000
    stream = StringIO()
    yaml.dump(config, stream)
    return stream.getvalue()


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark is not None else ""


def scalar(value: Any, *, like: str = "") -> str:
    """Return a value that is no list or object in YAML; a text is quoted if ``like`` is, or where it has to be."""
    if not isinstance(value, str):
        return json.dumps(value)
    if like.startswith("'") and "'" not in value and value.isprintable():
        return f"'{value}'"
    is_plain = DURATION.fullmatch(value) or (PLAIN.fullmatch(value) and value.lower() not in RESERVED)
    return value if is_plain and not like.startswith('"') else json.dumps(value)


def flow(value: Any, *, padded: str = "", quoted: str = "") -> str:
    """Return any value in YAML on one line.

    Braces have spaces inside if those of ``padded`` have, and texts are quoted if ``quoted`` is.
    """
    pad = " " if padded.startswith("{ ") else ""
    if isinstance(value, dict):
        entries = (
            f"{scalar(name, like=quoted)}: {flow(inner, padded=padded, quoted=quoted)}" for name, inner in value.items()
        )
        return "{" + pad + ", ".join(entries) + pad + "}"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(item, like=quoted) for item in value) + "]"
    return scalar(value, like=quoted)
