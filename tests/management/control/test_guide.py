"""The steps of Ory's guide "Multi-factor authentication", word for word, with the commands of this package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.console.server import PROJECT_ID, WORKSPACE_ID, FakeConsole
from tests.control import Terminal, on_network

EDIT = (r"mfa_enabled: false", "mfa_enabled: true")


def test_steps_of_the_guide_turn_one_time_codes_on(console: FakeConsole, tmp_path: Path) -> None:
    # List all available workspaces.
    workspaces = on_network(console, "list", "workspaces")
    assert WORKSPACE_ID in workspaces.out

    # List all available projects.
    projects = on_network(console, "list", "projects", "--workspace", WORKSPACE_ID)
    assert PROJECT_ID in projects.out

    # Get the configuration.
    target = ("--project", PROJECT_ID, "--workspace", WORKSPACE_ID)
    got = on_network(console, "get", "identity-config", *target, "--format", "yaml")
    file = tmp_path / "identity-config.yaml"
    file.write_text(got.out)

    # Edit the configuration file to enable one-time codes.
    edited, count = re.subn(*EDIT, file.read_text())
    assert count == 1
    file.write_text(edited)

    # Update the configuration.
    updated = on_network(console, "update", "identity-config", *target, "--file", file, stdin=Terminal("y\n"))

    assert (workspaces.code, projects.code, got.code, updated.code) == (0, 0, 0, 0)
    assert "-selfservice.methods.code.mfa_enabled: false\n+selfservice.methods.code.mfa_enabled: true" in updated.out
    code = console.project.config["selfservice"]["methods"]["code"]
    assert (code["enabled"], code["mfa_enabled"]) == (True, True)
    assert [line for line in console.asked if line.startswith("PATCH")] == [
        f"PATCH /projects/{PROJECT_ID}/revision/33333333-cccc-4ccc-8ccc-000000000001"
    ]


def test_edit_of_the_guide_alone_is_enough(console: FakeConsole, tmp_path: Path) -> None:
    """The guide prints only the lines that matter; what a file leaves out stays as it is."""
    first_line = on_network(console, "get", "identity-config", "--project", PROJECT_ID).out.splitlines()[0]
    file = tmp_path / "identity-config.yaml"
    file.write_text(
        f"{first_line}\nselfservice:\n  methods:\n    code:\n      enabled: true\n      mfa_enabled: true\n"
    )

    updated = on_network(console, "update", "identity-config", "--project", PROJECT_ID, "--file", file, "--yes")

    assert updated.code == 0
    assert console.requests[-1].body == [
        {"op": "add", "path": "/services/identity/config/selfservice/methods/code/mfa_enabled", "value": True}
    ]


@pytest.mark.parametrize("method", ["codes", "totp", "lookup-secret", "webauthn"])
def test_second_factor_is_turned_on_by_one_command(console: FakeConsole, method: str) -> None:
    turned_on = on_network(console, "enable", method, "--project", "sample-otter", "--yes")

    again = on_network(console, "enable", method, "--project", "sample-otter", "--yes")

    assert (turned_on.code, again.code) == (0, 0)
    assert "already set" in again.out
    assert sum(line.startswith("PATCH") for line in console.asked) == 1
