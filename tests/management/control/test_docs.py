"""The documents are right about ``manage.py ory_mfa``."""

from __future__ import annotations

import re
import shlex
import textwrap

import pytest

from django_ory_mfa.management.commands.ory_mfa import Command
from django_ory_mfa.management.control import failures
from django_ory_mfa.management.control.changing import DIFFERS
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.read_commands import COLUMNS
from tests.control import ory_mfa
from tests.documents import EVERYTHING, PAGES, literals, table
from tests.servers.kratos import CONFIG_FOLDER

LINES = re.findall(r"^ +\$ python manage\.py ory_mfa (.+)$", EVERYTHING, re.MULTILINE)


@pytest.mark.parametrize("line", LINES)
def test_command_of_the_documents_is_one(line):
    words = re.sub(r"<[a-z-]+>", "x", line.partition(" > ")[0])
    parser = Command().create_parser("manage.py", "ory_mfa")

    options = parser.parse_args(shlex.split(words, comments=True))

    assert options.subcommand == words.split()[0]


def test_steps_of_the_guide_are_in_the_documents():
    assert [line.split("  ")[0] for line in LINES if line.startswith(("list w", "list projects --w", "get", "update"))][
        :4
    ] == [
        "list workspaces",
        "list projects --workspace <workspace-id>",
        "get identity-config --project <project-id> --workspace <workspace-id> --format yaml > identity-config.yaml",
        "update identity-config --project <project-id> --workspace <workspace-id> --file identity-config.yaml",
    ]


def test_subcommand_table_lists_every_one():
    named = {literal.split()[0] for cell in table("Subcommand") for literal in literals(cell)}

    assert named == {subcommand.name for subcommand in Command.subcommands}


@pytest.mark.parametrize("what", COLUMNS)
def test_what_can_be_listed_is_named(what):
    assert f"``list {what}``" in PAGES["reference/commands"]


def test_exit_codes_are_those_of_the_table():
    kinds = {
        kind for kind in vars(failures).values() if isinstance(kind, type) and issubclass(kind, failures.ControlError)
    }

    assert {int(code) for code in table("Exit code")} == {0, DIFFERS, *(kind.exit_code for kind in kinds)}


def test_diff_of_the_page_is_what_the_command_shows(tmp_path):
    block = textwrap.dedent(PAGES["how-to/turn-mfa-on"].partition(".. code-block:: diff\n\n")[2].partition("\n\n")[0])
    text = (CONFIG_FOLDER / "kratos.strict.yml").read_text().replace("      mfa_enabled: true\n", "")
    file = tmp_path / "kratos.yml"
    file.write_text(text)

    shown = ory_mfa("enable", "codes", "--file", file, "--dry-run").out.replace(str(file), "kratos.yml")

    # The beginning of the file, which moves the lines, may change.
    assert re.sub(r"@@ .*? @@", "@@", block) in re.sub(r"@@ .*? @@", "@@", shown)


def test_keys_that_the_documents_set_exist():
    keys = [word.partition("=")[0] for line in LINES for word in line.split() if "=" in word]

    assert keys != []
    assert set(keys) <= set(KEYS)
