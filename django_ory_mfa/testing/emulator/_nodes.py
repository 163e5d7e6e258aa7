"""The elements of Ory's forms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django_ory_mfa.testing._bodies import nanoseconds
from django_ory_mfa.testing._csrf import csrf_token
from django_ory_mfa.testing._http import Json

Label = tuple[int, str]
_TOO_LATE = {
    "login": 4010001,
    "registration": 4040001,
    "settings": 4050001,
    "recovery": 4060005,
    "verification": 4070005,
}


def csrf_node(secret: bytes | None) -> Json:
    """The hidden token against forged requests, empty for native clients."""
    token = csrf_token(secret) if secret else ""
    return input_node("default", "csrf_token", "hidden", None, value=token, required=True)


def trait_node(
    group: str, name: str, kind: str, title: str, trait: str, *, is_newer: bool, **attributes: object
) -> Json:
    """An input that is labelled as the identity schema says."""
    node = input_node(group, name, kind, None, **attributes)
    context = {"name": f"traits.{trait}", "title": title} if is_newer else {"title": title}
    return node | {"meta": {"label": {"id": 1070002, "text": title, "type": "info", "context": context}}}


def button(group: str, name: str, label: Label, **attributes: object) -> Json:
    """A button that says yes to ``name``."""
    return input_node(group, name, "submit", label, value="true", **attributes)


def method_button(group: str, label: Label) -> Json:
    """The button that submits the inputs of ``group``."""
    return input_node(group, "method", "submit", label, value=group)


def input_node(group: str, name: str, kind: str, label: Label | None, **attributes: object) -> Json:
    """An input."""
    fixed = {"name": name, "type": kind, **attributes, "disabled": False, "node_type": "input"}
    return node("input", group, fixed, label)


def trigger(group: str, name: str, label: Label, function: str, **attributes: object) -> Json:
    """A button that runs a function of the script for security keys and passkeys."""
    made = input_node(group, name, "button", label, **attributes)
    options = attributes.get("value") or ""
    made["attributes"] |= {"onclick": f"window.{function}({options})", "onclickTrigger": function}
    return made


def node(kind: str, group: str, attributes: Json, label: Label | None) -> Json:
    """Any element."""
    meta = {"label": info(*label)} if label else {}
    return {"type": kind, "group": group, "attributes": attributes, "messages": [], "meta": meta}


def info(number: int, text: str, **context: Any) -> Json:
    """A text of Ory for people."""
    return message(number, text, "info", **context)


def error(number: int, text: str, **context: Any) -> Json:
    """What Ory says of input that it does not accept."""
    return message(number, text, "error", **context)


def message(number: int, text: str, kind: str, **context: Any) -> Json:
    """A text with its number."""
    return {"id": number, "text": text, "type": kind, **({"context": context} if context else {})}


def too_late(kind: str, expired_at: datetime, now: datetime) -> Json:
    """What a new flow says that takes the place of an expired one."""
    minutes = (now - expired_at).total_seconds() / 60
    text = f"The {kind} flow expired {minutes:.2f} minutes ago, please try again."
    at = {"expired_at": nanoseconds(expired_at), "expired_at_unix": int(expired_at.timestamp())}
    return error(_TOO_LATE[kind], text, **at)


def missing(name: str) -> Json:
    """What stands beside an empty input."""
    return error(4000002, f"Property {name} is missing.", property=name)


def with_message(nodes: Iterable[Json], name: str, said: Json) -> list[Json]:
    """``nodes`` with a message beside the input ``name``."""
    return [each | {"messages": [said]} if name_of(each) == name else each for each in nodes]


def with_value(nodes: Iterable[Json], name: str, value: str | None) -> list[Json]:
    """``nodes`` with another value in the input ``name``; None: without one."""
    return [_revalued(each, value) if name_of(each) == name else each for each in nodes]


def name_of(element: Json) -> str:
    """The name of an input, the id of anything else."""
    attributes = element["attributes"]
    return str(attributes.get("name") or attributes.get("id"))


def _revalued(element: Json, value: str | None) -> Json:
    attributes = {key: value if key == "value" else old for key, old in element["attributes"].items()}
    if value is None:
        attributes.pop("value", None)
    return element | {"attributes": attributes}
