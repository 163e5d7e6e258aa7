"""What the suite says before it skips anything."""

from __future__ import annotations

from tests.missing import APIS, TOOLS, missing


def no_one(name: str) -> None:
    return None


def test_every_kind_of_test_is_named_on_a_bare_machine() -> None:
    lines = missing({}, no_one, no_one)

    assert len(lines) == len(TOOLS) + len(APIS)
    assert "a real Ory Kratos (install Go, or name a binary in KRATOS_BIN)." in lines[0]
    assert "Django REST framework (install djangorestframework)." in lines[len(TOOLS)]


def test_what_is_there_is_not_named() -> None:
    assert missing({}, lambda command: f"/usr/bin/{command}", lambda module: module) == []


def test_variable_stands_in_for_a_command() -> None:
    lines = missing({"KRATOS_BIN": "/opt/kratos"}, no_one, no_one)

    assert len(lines) == len(TOOLS) + len(APIS) - 1
