"""Turn each of Ory's UI nodes into a part that the templates show.

The nodes: https://www.ory.sh/docs/kratos/bring-your-own-ui/custom-ui-overview
Unexpected content of a node is left out and never raises an error; only templates make HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from django_ory_mfa.contrib.ui.parts import (
    Button,
    Field,
    Hidden,
    Link,
    Message,
    Node,
    Picture,
    Script,
    Text,
    Trigger,
)
from django_ory_mfa.contrib.ui.texts import EXPIRED, recovery_code, text_of
from django_ory_mfa.core.answer import value_at
from django_ory_mfa.core.flows import PLAIN_URL
from django_ory_mfa.core.whoami import EPOCH, read_time
from django_ory_mfa.runtime.clock import local

FIELD_TYPES = {"text", "email", "password", "tel", "url", "number", "date", "datetime-local", "checkbox"}
AUTOCOMPLETE = {
    "code": "one-time-code",
    "email": "email",
    "identifier": "username",
    "lookup_secret": "off",
    "password": "current-password",
    "totp_code": "one-time-code",
    "traits.email": "email",
    "traits.name": "name",
    "traits.name.first": "given-name",
    "traits.name.last": "family-name",
}
LONGEST_VALUE = 100_000
# SECURITY: only the bytes of a PNG. An SVG could contain a script, and a URL would reveal the visitor to its host.
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/]+=*")
LARGEST_SIDE = 1024
# Ory's label for a button that sends a code to an address or a telephone number.
SEND_TO = 1010023
MAIL_ME, SEND_ME = _("E‑mail me a code"), _("Send me a code")
# What Ory calls a passkey that has no name.
NO_NAME = "unnamed"
# What removes a key that has no name, with and without the time at which it was added.
NAMELESS = {
    "passkey_remove": (_("Remove the passkey added %(time)s"), _("Remove the passkey without a name")),
    "webauthn_remove": (_("Remove the security key added %(time)s"), _("Remove the security key without a name")),
}
INTEGRITY = re.compile(r"sha(?:256|384|512)-[A-Za-z0-9+/]+=*")
# The functions of Ory's script, with labels for buttons that have none from Ory.
TRIGGERS = {
    "oryPasskeyLogin": _("Use a passkey"),
    "oryPasskeyRegistration": _("Sign up with a passkey"),
    "oryPasskeySettingsRegistration": _("Add a passkey"),
    "oryWebAuthnLogin": _("Use the security key"),
    "oryWebAuthnRegistration": _("Add a security key"),
}


def read_node(node: dict[str, Any]) -> Node | None:
    """Return the part for ``node``; None if it cannot be shown."""
    attributes, meta = node.get("attributes"), node.get("meta")
    reader = READERS.get(str(node.get("type")))
    if reader is None or not isinstance(attributes, dict):
        return None
    label = meta.get("label") if isinstance(meta, dict) else None
    part = reader(attributes, text_of(label), read_messages(node.get("messages")))
    if not isinstance(part, Button):
        return part
    return _with_key(part, label) if part.is_key else _with_address(part, label)


def _with_address(button: Button, label: object) -> Button:
    """Return ``button`` with a short label and the address, if it sends a code there."""
    address = value_at(label, "context", "address") if value_at(label, "id") == SEND_TO else None
    if not isinstance(address, str) or not address:
        return button
    return replace(button, label=str(MAIL_ME if "@" in address else SEND_ME), address=address)


def _with_key(button: Button, label: object) -> Button:
    """Return ``button`` with the name of the key that it removes, and when that was added, as far as Ory says so."""
    context = label.get("context") if isinstance(label, dict) else None
    known = context if isinstance(context, dict) else {}
    name, added_at = known.get("display_name"), read_time(known.get("added_at"))
    # Ory's zero, for keys of which it does not know it.
    is_known = added_at is not None and added_at > EPOCH
    key_name = name if isinstance(name, str) and name != NO_NAME else ""
    label = button.label if key_name else _label_of_nameless(button, added_at if is_known else None)
    return replace(button, label=label, key_name=key_name, key_added_at=added_at if is_known else None)


def _label_of_nameless(button: Button, added_at: datetime | None) -> str:
    with_time, without = NAMELESS[button.name]
    if added_at is None:
        return str(without)
    return str(with_time) % {"time": date_format(local(added_at), "DATETIME_FORMAT")}


def read_messages(messages: object) -> tuple[Message, ...]:
    """Return the messages that have a text."""
    if not isinstance(messages, list):
        return ()
    return tuple(_message(text, message) for message in messages if (text := text_of(message)))


def _message(text: str, message: dict[str, Any]) -> Message:
    number = message.get("id")
    number = number if isinstance(number, int) else None
    return Message(text, _kind(message, number), number)


def _kind(message: dict[str, Any], number: int | None) -> str:
    kind = message.get("type")
    if number in EXPIRED:
        return "info"
    return kind if kind in ("error", "success") else "info"


def _input(attributes: dict[str, Any], label: str, messages: tuple[Message, ...]) -> Node | None:
    name, kind, value = attributes.get("name"), attributes.get("type"), _value(attributes.get("value"))
    is_disabled = attributes.get("disabled") is True
    if not isinstance(name, str) or not name:
        return None
    if kind == "hidden":
        return Hidden(name, value)
    if kind == "button":
        return _trigger(name, value, label, attributes.get("onclickTrigger"))
    if kind == "submit":
        return Button(name, value, label or value or name, is_disabled)
    return _field(name, attributes, label, messages)


def _trigger(name: str, value: str, label: str, function: object) -> Trigger:
    # SECURITY: the page calls the function with this name, so only those of Ory's script are allowed.
    if not isinstance(function, str) or function not in TRIGGERS:
        return Trigger(name, "", "", "")
    return Trigger(name, value, label or str(TRIGGERS[function]), function)


def _field(name: str, attributes: dict[str, Any], label: str, messages: tuple[Message, ...]) -> Field:
    kind = attributes.get("type")
    autocomplete = _autocomplete(name, attributes.get("autocomplete"))
    return Field(
        name,
        kind if isinstance(kind, str) and kind in FIELD_TYPES else "text",
        label or name,
        # A password is never written into the page, even if Ory sent one.
        "" if kind == "password" else _value(attributes.get("value")),
        autocomplete,
        attributes.get("required") is True,
        attributes.get("disabled") is True,
        messages,
        max_length=_length(attributes.get("maxlength")),
    )


def _length(given: object) -> int | None:
    return given if type(given) is int and 0 < given <= LONGEST_VALUE else None


def _image(attributes: dict[str, Any], label: str, *rest: object) -> Picture | None:
    src = attributes.get("src")
    if not isinstance(src, str) or PICTURE.fullmatch(src) is None:
        return None
    return Picture(src, label, _side(attributes.get("width")), _side(attributes.get("height")))


def _text(attributes: dict[str, Any], label: str, *rest: object) -> Text | None:
    message = attributes.get("text")
    context = message.get("context") if isinstance(message, dict) else None
    secrets = context.get("secrets") if isinstance(context, dict) else None
    is_list = isinstance(secrets, list)
    shown = [recovery_code(secret) for secret in secrets] if isinstance(secrets, list) else [text_of(message)]
    lines = tuple(line for line in shown if line)
    return Text(label, lines, is_list) if lines else None


def _anchor(attributes: dict[str, Any], label: str, *rest: object) -> Link | None:
    href = attributes.get("href")
    if not isinstance(href, str) or not _is_web_address(href):
        return None
    return Link(href, text_of(attributes.get("title")) or label or href)


def _script(attributes: dict[str, Any], *rest: object) -> Script | None:
    src, integrity = attributes.get("src"), attributes.get("integrity")
    if not isinstance(src, str):
        return None
    return Script(src, integrity if isinstance(integrity, str) and INTEGRITY.fullmatch(integrity) else "")


Reader = Callable[[dict[str, Any], str, tuple[Message, ...]], Node | None]
READERS: dict[str, Reader] = {"input": _input, "img": _image, "text": _text, "a": _anchor, "script": _script}


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


def _autocomplete(name: str, given: object) -> str:
    return given if isinstance(given, str) and given else AUTOCOMPLETE.get(name, "")


def _side(length: object) -> int | None:
    return length if isinstance(length, int) and 0 < length <= LARGEST_SIDE else None


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_web = PLAIN_URL.fullmatch(url) is not None and parts.scheme in ("http", "https")
    return is_web and bool(parts.hostname) and "@" not in parts.netloc
