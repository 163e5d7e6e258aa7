"""What the suite says before it skips anything."""

from __future__ import annotations

from tests.missing import TOOLS, missing


def test_every_kind_of_test_is_named_on_a_bare_machine() -> None:
    lines = missing({}, lambda command: None)

    assert len(lines) == len(TOOLS)
    assert "a real Ory Kratos (install Go, or name a binary in KRATOS_BIN)." in lines[0]


def test_what_is_there_is_not_named() -> None:
    assert missing({}, lambda command: f"/usr/bin/{command}") == []


def test_variable_stands_in_for_a_command() -> None:
    lines = missing({"KRATOS_BIN": "/opt/kratos"}, lambda command: None)

    assert len(lines) == len(TOOLS) - 1
