"""What the templates of a flow show: messages, and the parts of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

# The id of Ory's message that changes were saved.
SAVED = 1050001
DIGITS = {"code", "totp_code"}
# The fields, by their name or by what browsers fill in, whose every letter counts.
EXACT = DIGITS | {"email", "identifier", "lookup_secret", "one-time-code", "username"}
# The buttons that are not the main purpose of their form: to undo or to repeat something.
QUIET = {"link", "lookup_secret_disable", "passkey_remove", "totp_unlink", "unlink", "webauthn_remove"}

DANGEROUS = QUIET - {"link"}
# The buttons that send a code again: those of recovery and verification have the address as their value.
AGAIN = {"resend", "email"}
# The buttons that remove one of several.
KEYS = {"passkey_remove", "webauthn_remove"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message of Ory about a flow or a field."""

    text: str
    kind: str
    number: int | None = None
    # The address that it names.
    address: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return self.kind == "error"

    @property
    def is_vague(self) -> bool:
        """Whether it says that something was saved, but not what."""
        return self.number == SAVED


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden input."""

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
    max_length: int | None = None

    @property
    def is_new_password(self) -> bool:
        """Whether it is for a password that the person chooses now."""
        return self.type == "password" and "new-password" in self.autocomplete

    @property
    def is_code(self) -> bool:
        """Whether it is for a one-time code of digits."""
        return self.name in DIGITS

    @property
    def is_exact(self) -> bool:
        """Whether a keyboard should not change what is typed: an account name, an e-mail address or a code."""
        return self.type == "text" and not EXACT.isdisjoint({self.name.rpartition(".")[2], *self.autocomplete.split()})

    @property
    def is_invalid(self) -> bool:
        """Whether Ory reports an error in it."""
        return any(message.is_error for message in self.messages)


@dataclass(frozen=True, slots=True)
class Button:
    """A submit button; its name and value tell Ory what to do."""

    name: str
    value: str
    label: str
    is_disabled: bool = False
    key_name: str = ""
    key_added_at: datetime | None = None
    # Where it sends something, in a second, smaller line.
    address: str = ""

    @property
    def is_key(self) -> bool:
        """Whether it removes one of the person's keys."""
        return self.name in KEYS

    @property
    def is_quiet(self) -> bool:
        """Whether it is not the main button of its form."""
        return self.name in QUIET or self.is_aside

    @property
    def is_aside(self) -> bool:
        """Whether it belongs in the row of links: it leads to the step before, or has a code sent again."""
        return self.name == "screen" or self.name in AGAIN

    @property
    def is_dangerous(self) -> bool:
        """Whether it removes a sign-in method, so that it needs a confirmation."""
        return self.name in DANGEROUS


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, such as the QR code for an authenticator app."""

    part: ClassVar[str] = "picture"

    src: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """Text to copy: the key for an authenticator app, or recovery codes (``is_list``)."""

    part: ClassVar[str] = "text"

    label: str
    lines: tuple[str, ...]
    is_list: bool
    id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another page."""

    part: ClassVar[str] = "link"

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A button that runs Ory's script for a security key or a passkey.

    ``function`` is the function of the script; empty if it is unknown.
    """

    name: str
    value: str
    label: str
    function: str


@dataclass(frozen=True, slots=True)
class Script:
    """Ory's script for security keys and passkeys; ``integrity`` is the hash by which browsers check it."""

    src: str
    integrity: str


Part = Field | Picture | Text | Link
Node = Part | Hidden | Button | Trigger | Script
