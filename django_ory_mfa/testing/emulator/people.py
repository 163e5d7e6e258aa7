"""The people whom an emulator knows from its start."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_ory_mfa.testing import FakeIdentity, FakeOry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_TEXTS = {"email", "password", "label", "hint", "name", "totp_secret"}
_KEYS = _TEXTS | {"lookup_secrets", "code"}


class PeopleError(ValueError):
    """A file of people that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as; what the person holds is no secret."""

    email: str
    password: str
    label: str | _StrPromise
    hint: str | _StrPromise = ""
    name: str = ""
    #: Whether one-time codes by e-mail are a second factor.
    code: bool = False
    totp_secret: str = ""
    lookup_secrets: tuple[str, ...] = field(default=())

    @property
    def identifier(self) -> str:
        """What is typed beside the password."""
        return self.email

    def join(self, ory: FakeOry) -> FakeIdentity:
        """Makes the person known to ``ory``."""
        traits = {"email": self.email, **({"name": self.name} if self.name else {})}
        identity = ory.add_identity(
            email=self.email,
            traits=traits,
            password=self.password,
            second_factors=("code",) if self.code else (),
            schema_id="with_code" if self.code else "default",
        )
        if self.totp_secret:
            identity.totp_secret = self.totp_secret
            identity.enrol("totp")
        if self.lookup_secrets:
            identity.lookup_secrets = dict.fromkeys(self.lookup_secrets)
            identity.enrol("lookup_secret")
        return identity


_PASSWORD = "correct horse battery staple"  # noqa: S105 (everybody may know it)

DEMO_PEOPLE = (
    DemoPerson("password@example.test", _PASSWORD, _("Password only"), _("no second factor"), "Password Only"),
    DemoPerson(
        "mail@example.test", _PASSWORD, _("E-mail code"), _("one-time code by e-mail"), "E-mail Code", code=True
    ),
    DemoPerson(
        "app@example.test",
        _PASSWORD,
        _("App code"),
        _("authenticator app"),
        "App Code",
        totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",  # noqa: S106
    ),
    DemoPerson(
        "codes@example.test",
        _PASSWORD,
        _("Codes on paper"),
        _("recovery codes"),
        "Recovery Code",
        lookup_secrets=tuple(f"demo{number:04}" for number in range(1, 13)),
    ),
)


def read_people(path: Path) -> tuple[DemoPerson, ...]:
    """The people of a JSON file, or of a YAML file where PyYAML is installed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise PeopleError(f"{path} cannot be read: {error}") from error
    parsed = _parsed(path, text)
    entries = parsed.get("people") if isinstance(parsed, dict) else parsed
    if not isinstance(entries, list):
        raise PeopleError(f"{path} is not a list of people, nor an object whose 'people' is one")
    people = tuple(_person(f"{path}, person {number}", entry) for number, entry in enumerate(entries, 1))
    return _distinct(path, people)


def _parsed(path: Path, text: str) -> Any:
    if path.suffix not in {".yml", ".yaml"}:
        try:
            return json.loads(text)
        except ValueError as error:
            raise PeopleError(f"{path} is not JSON: {error}") from error
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise PeopleError(f"{path} needs PyYAML, which is not installed; install it, or write JSON") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PeopleError(f"{path} is not YAML: {error}") from error


def _person(where: str, entry: Any) -> DemoPerson:
    if not isinstance(entry, dict):
        raise PeopleError(f"{where}: not an object but {entry!r}")
    if unknown := sorted(str(key) for key in entry.keys() - _KEYS):
        raise PeopleError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    for name in ("email", "password"):
        if not entry.get(name):
            raise PeopleError(f"{where}: no {name}")
    if wrong := sorted(name for name in entry.keys() & _TEXTS if not isinstance(entry[name], str)):
        raise PeopleError(f"{where}: {', '.join(wrong)} must be a text")
    codes = entry.get("lookup_secrets", [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise PeopleError(f"{where}: lookup_secrets must be a list of texts")
    if not isinstance(entry.get("code", False), bool):
        raise PeopleError(f"{where}: code must be true or false")
    _check_secret(where, entry.get("totp_secret", ""))
    return DemoPerson(**{"label": entry["email"], **entry, "lookup_secrets": tuple(codes)})


def _check_secret(where: str, secret: str) -> None:
    try:
        base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    except binascii.Error as error:
        raise PeopleError(f"{where}: totp_secret is not base32: {error}") from None


def _distinct(path: Path, people: Iterable[DemoPerson]) -> tuple[DemoPerson, ...]:
    """``people``, if no two have the same address."""
    seen: dict[str, DemoPerson] = {}
    for person in people:
        if seen.setdefault(person.email.lower(), person) is not person:
            raise PeopleError(f"{path}: more than one person has the address {person.email}")
    return tuple(seen.values())
