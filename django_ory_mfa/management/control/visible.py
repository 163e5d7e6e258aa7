"""Which parts of a configuration file may be shown: an allow-list, since the rest of the file holds secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django_ory_mfa.management.control.document import Path, is_presentable
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.shown import clean

PATHS = {key.path: key.name for key in KEYS.values()}
# SECURITY: the only names that are shown, all of them words of Ory's schema. Another text in the place of a name may be
# anything.
NAMES = {name for key in KEYS.values() for name in key.path} | {
    *("ciphers", "clients", "cookies", "courier", "database", "dev", "dsn", "hashers", "identity", "log"),
    *("cipher", "oauth2_provider", "secrets", "serve", "tracing", "version"),
    *("login", "logout", "recovery", "registration", "verification", "error"),
    *("link", "oidc", "passkey", "password", "profile", "rp"),
    *("after", "before", "cookie", "lifespan", "tokenizer", "ui_url"),
}
MASK, COMMENT_MASK = "…", "# …"
BYTE_ORDER_MARK = "\ufeff"
# A mark for what is hidden; neither YAML nor JSON allows the character in a text.
HIDDEN = "\0"
HIDDEN_RUN = re.compile(f"{HIDDEN}(?:[^\\S\n]*{HIDDEN})*")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text that may be shown, and the known key that it belongs to."""

    start: int
    end: int
    key: str = ""


def key_of(path: Path | None) -> str:
    """Return the name of the known key at ``path``; empty if it is not one."""
    return PATHS.get(path or (), "")


def is_shown_value(path: Path | None, value: object) -> bool:
    """Return whether ``value`` may be shown as the value at ``path``, or as an entry of the list there."""
    return path in PATHS and is_presentable(value)


def masked_lines(text: str, spans: Iterable[Span]) -> list[str]:
    """Return the lines of ``text`` with ``…`` in place of all that is in no span; white space stays."""
    signs = [sign if sign.isspace() or sign == BYTE_ORDER_MARK else HIDDEN for sign in text]
    for span in spans:
        signs[span.start : span.end] = text[span.start : span.end]

    def mask(found: re.Match[str]) -> str:
        return COMMENT_MASK if text[found.start()] == "#" else MASK

    masked = HIDDEN_RUN.sub(mask, "".join(signs)).removeprefix(BYTE_ORDER_MARK)
    return [clean(line).rstrip() for line in masked.split("\n")]
