"""What the templates of a flow draw: messages, and the parts of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

DIGITS = {"code", "totp_code"}
# What undoes something, or is done again, is not what a form is for.
QUIET = {"link", "lookup_secret_disable", "passkey_remove", "resend", "totp_unlink", "unlink", "webauthn_remove"}

DANGEROUS = QUIET - {"link", "resend"}


@dataclass(frozen=True, slots=True)
class Message:
    """What Ory has to say about a flow or a field."""

    text: str
    kind: str

    @property
    def is_error(self) -> bool:
        """Whether something has to be done differently."""
        return self.kind == "error"


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a form sends along unseen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """An input with its label."""

    part: ClassVar[str] = "field"

    name: str
    type: str
    label: str
    value: str = ""
    autocomplete: str = ""
    is_required: bool = False
    is_disabled: bool = False
    messages: tuple[Message, ...] = ()
    id: str = ""
    is_focused: bool = False

    @property
    def is_code(self) -> bool:
        """Whether it takes digits that are typed off another screen."""
        return self.name in DIGITS

    @property
    def is_invalid(self) -> bool:
        """Whether Ory found an error in it."""
        return any(message.is_error for message in self.messages)


@dataclass(frozen=True, slots=True)
class Button:
    """Sends a form; its name and value say what for."""

    name: str
    value: str
    label: str
    is_disabled: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether something else is what the form is there for."""
        return self.name in QUIET

    @property
    def is_dangerous(self) -> bool:
        """Whether it takes away a way to sign in, so that it asks once more."""
        return self.name in DANGEROUS


@dataclass(frozen=True, slots=True)
class Picture:
    """The QR code."""

    part: ClassVar[str] = "picture"

    src: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """Something to copy: the key for an authenticator app, or (``is_list``) recovery codes."""

    part: ClassVar[str] = "text"

    label: str
    lines: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link to somewhere else."""

    part: ClassVar[str] = "link"

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A button that Ory's script acts on: it asks for a security key or a passkey.

    ``function`` is that of the script, empty if it is none of those that are known.
    """

    name: str
    value: str
    label: str
    function: str


@dataclass(frozen=True, slots=True)
class Script:
    """Ory's script, which talks to security keys; ``integrity`` is the hash by which browsers check it."""

    src: str
    integrity: str


Part = Field | Picture | Text | Link
Node = Part | Hidden | Button | Trigger | Script
