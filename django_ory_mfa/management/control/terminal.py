"""Where a command prints, and who answers its question."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from typing import TextIO

from django.core.management.base import OutputWrapper
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.management.control.failures import UsageError


@dataclass(frozen=True, slots=True)
class Terminal:
    """The streams of a command; without a ``stdin`` of its own it reads that of the process.

    With ``is_json``, stdout is for one JSON object, and people read stderr. ``ask_hidden`` reads a line from the
    terminal of the process without showing it.
    """

    stdout: OutputWrapper
    stderr: OutputWrapper
    stdin: TextIO | None = None
    is_json: bool = False
    ask_hidden: Callable[[str], str] = getpass

    @property
    def is_interactive(self) -> bool:
        """Whether a person can answer a question."""
        stdin = self.stdin or sys.stdin
        # A process without a console has none.
        return bool(stdin is not None and stdin.isatty())

    def say(self, text: str) -> None:
        """Print ``text`` for people."""
        self._people.write(text)

    def asks(self, question: str) -> bool:
        """Print ``question`` and return whether the answer is yes; Ctrl-C is a no."""
        self._people.write(f"\n{question} [y/N] ", ending="")
        self._people.flush()
        try:
            answer = (self.stdin or sys.stdin).readline()
        except KeyboardInterrupt:
            return False
        return answer.strip().lower() in ("y", "yes")

    @sensitive_variables()
    def asks_secret(self, question: str) -> str:
        """Return what is typed in answer to ``question``, without showing it.

        Raises ``UsageError`` if nothing is typed, as after Ctrl-D.
        """
        answer = self._read_secret(question)
        if not answer:
            raise UsageError("Nothing was typed, so nothing was sent to Ory.")
        return answer

    @sensitive_variables()
    def _read_secret(self, question: str) -> str:
        if self.stdin is not None:
            self._people.write(question)
            return self.stdin.readline().rstrip("\n")
        try:
            return self.ask_hidden(question)
        except EOFError:
            return ""

    @property
    def _people(self) -> OutputWrapper:
        return self.stderr if self.is_json else self.stdout
