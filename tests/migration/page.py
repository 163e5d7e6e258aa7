"""The steps of ``docs/how-to/migrate-users.rst``, as somebody reads them: code for files, and commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "migrate-users.rst"
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n(?:   :caption: (.+)\n)?\n((?:    .*\n|\n)+)", re.MULTILINE)
STEP = re.compile(r"^(\d)\. .+\n-+\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Code for the file ``name``, or commands if it is None."""

    name: str | None
    text: str

    @property
    def commands(self) -> list[str]:
        """What stands behind each prompt."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


def steps() -> dict[int, list[Block]]:
    """The blocks of each numbered step."""
    pieces = STEP.split(PAGE.read_text())
    return {int(number): _blocks(text) for number, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def _blocks(text: str) -> list[Block]:
    return [Block(name or None, dedent(code).strip() + "\n") for _, name, code in BLOCK.findall(text)]
