"""Configurations that are too large, expand to too much, or would be read only in part."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from django_ory_mfa.management.control import json_text, yaml_text
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.size import CHARACTERS, MOST_LEVELS, MOST_VALUES, TooLargeError
from django_ory_mfa.management.control.sources import read_source
from django_ory_mfa.management.control.yaml_size import check_yaml
from tests.console.server import PROJECT_ID, FakeConsole
from tests.control import on_network, ory_mfa

LONGEST = 4 * 1024 * 1024


def bomb(levels: int, width: int = 9) -> str:
    """Lists of aliases to lists of aliases, which expand to ``width ** levels`` values."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, levels + 1)]
    return "\n".join(lines)


def merging_bomb(levels: int) -> str:
    """The same with merge keys, which the parser itself expands."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}]}}" for level in range(1, levels + 1)]
    return "\n".join(lines)


TOO_LARGE = {
    "lists of aliases": bomb(9),
    "merge keys": merging_bomb(9),
    "repeated text": f"a: &a {'x' * 65_000}\nb: [{', '.join(['*a'] * 100)}]",
}


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
def test_text_that_expands_to_too_much_is_refused(text: str) -> None:
    with pytest.raises(TooLargeError, match=f"more than {MOST_VALUES:,} values"):
        yaml_text.load(text)


def test_aliases_are_not_expanded_to_count_them() -> None:
    """Nine levels of nine aliases took gigabytes; the largest piece of memory is that of a few kilobytes of text."""
    text = bomb(30)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            check_yaml(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10 * 1024 * 1024


@pytest.mark.parametrize("command", [("show",), ("check",), ("enable", "codes", "--yes")], ids=lambda words: words[0])
def test_command_refuses_a_file_that_expands_to_too_much(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "kratos.yml"
    file.write_text(bomb(9))

    done = ory_mfa(*command, "--file", file)

    assert (done.code, "values, aliases expanded" in done.err, "Traceback" in done.text) == (1, True, False)
    assert file.read_text() == bomb(9)


@pytest.mark.parametrize(
    ("name", "text"), [("config.yaml", bomb(9)), ("config.json", "[" + "1," * MOST_VALUES + "1]")], ids=["yaml", "json"]
)
def test_update_refuses_a_file_that_is_too_large(console: FakeConsole, tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)

    done = on_network(console, "update", "identity-config", "--project", PROJECT_ID, "--file", file, "--yes")

    assert (done.code, f"more than {MOST_VALUES:,} values" in done.err) == (1, True)
    assert [line for line in console.asked if line.startswith("PATCH")] == []


def test_as_many_values_as_allowed_are_read() -> None:
    values = "[" + ", ".join("1" for _ in range(MOST_VALUES - 1)) + "]"
    with pytest.raises(TooLargeError):
        json_text.load(f"[{values}]")

    assert len(json_text.load(values)) == MOST_VALUES - 1


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x", 1),
        ("[1, 1]", 3),
        ("{a: 1, b: 1}", 5),
        ("a: &a [1, 1]\nb: *a", 9),
        ("a: &a x\nb: *a", 5),
        ("[&a [1], &a [2, 2], *a]", 9),
        (f"a: {'x' * CHARACTERS}", 4),
        (f"[&a {'x' * CHARACTERS}, *a]", 5),
    ],
)
def test_values_of_yaml_are_counted_with_aliases_expanded(text: str, values: int) -> None:
    with pytest.raises(TooLargeError):
        check_yaml(text, most=values - 1)

    check_yaml(text, most=values)


@pytest.mark.parametrize("module", [yaml_text, json_text], ids=["yaml", "json"])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}")], ids=["lists", "objects"])
def test_depth_is_limited(module: Any, opening: str, closing: str) -> None:
    def nested(levels: int) -> str:
        return opening * levels + "1" + closing * levels

    with pytest.raises(TooLargeError, match=f"more than {MOST_LEVELS} levels"):
        module.load(nested(MOST_LEVELS + 1))

    assert module.load(nested(MOST_LEVELS - 1)) is not None


def test_long_text_counts_in_json() -> None:
    with pytest.raises(TooLargeError):
        json_text.load(f'["{"x" * (CHARACTERS * MOST_VALUES)}", 1]')


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: *nowhere"])
def test_alias_that_leads_nowhere_cannot_be_read(text: str) -> None:
    with pytest.raises(ControlError, match=r"cannot be read as YAML 1\.2"):
        yaml_text.load(text)


def test_anchors_and_aliases_are_read_as_copies() -> None:
    text = "a: &a {b: 1, c: &c [2]}\nd: [*a, *a, *c]\ne: &e x\nf: *e"

    a = {"b": 1, "c": [2]}
    assert yaml_text.load(text) == {"a": a, "d": [a, a, [2]], "e": "x", "f": "x"}


@pytest.mark.parametrize("name", ["config.yaml", "config.json"])
def test_file_that_is_longer_than_is_read_is_refused(tmp_path: Path, name: str) -> None:
    """What stood behind the limit was left out without a word, and an update sent the rest."""
    file = tmp_path / name
    file.write_text('{"a": 1}' + " " * LONGEST + "\n")

    with pytest.raises(ControlError, match="is too large for a configuration"):
        read_source(str(file))


def test_update_sends_nothing_of_a_file_that_it_read_in_part(console: FakeConsole, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    first = "selfservice: {methods: {code: {mfa_enabled: true}}}\n"
    file.write_text(first + "# \n" * (LONGEST // 3) + "session: {whoami: {required_aal: aal1}}\n")

    done = on_network(console, "update", "identity-config", "--project", PROJECT_ID, "--file", file, "--yes")

    assert (done.code, "too large" in done.err) == (1, True)
    assert [line for line in console.asked if line.startswith("PATCH")] == []


def test_file_of_the_longest_size_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"a": 1}'.ljust(LONGEST))

    assert read_source(str(file)).config == {"a": 1}


def test_key_file_that_is_longer_than_a_key_is_refused(console: FakeConsole, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ory_wak_" + "x" * 5000)

    done = on_network(console, "list", "workspaces", "--api-key-file", tmp_path / "key")

    assert (done.code, "is too large for an API key" in done.err, "xxx" in done.text) == (1, True, False)
    assert console.requests == []
