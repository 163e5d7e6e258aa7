"""What a release needs: versions, constraints and the workflows that build it."""

from __future__ import annotations

import configparser
import re
from typing import Any

import pytest
import yaml

from tests.documents import ROOT

WORKFLOWS = {file.name: yaml.safe_load(file.read_text()) for file in (ROOT / ".github" / "workflows").glob("*.yml")}
TEXTS = {name: (ROOT / ".github" / "workflows" / name).read_text() for name in WORKFLOWS}


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


def lower_bounds() -> dict[str, str]:
    """What the package and its extras for users ask for at least, and the tests of what the pages show beside them."""
    extras = setup()["options.extras_require"]
    for_users = [
        extras[name] for name in extras if name not in ("test", "dev", "docs", "bench", "mutants", "demo", "example")
    ]
    shown = re.findall(r"^(?:drf-spectacular|strawberry-graphql)\b.*$", extras["test"], re.MULTILINE)
    lines = "\n".join([setup()["options"]["install_requires"], *for_users, *shown])
    return dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?>=([\d.]+)$", lines, re.MULTILINE))


def test_lowest_versions_are_those_that_the_package_allows() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==([\d.]+)$", (ROOT / ".ci" / "lowest.txt").read_text(), re.MULTILINE))

    assert pinned.keys() == lower_bounds().keys()
    for name, bound in lower_bounds().items():
        assert re.fullmatch(rf"{re.escape(bound)}(\.0)*", pinned[name]), name


def test_matrix_has_every_pair_that_tox_has() -> None:
    (included,) = (
        job["strategy"]["matrix"]["include"] for job in WORKFLOWS["ci.yml"]["jobs"].values() if "strategy" in job
    )
    promised = {(row["python"], row["django"]) for row in included if not row.get("experimental")}
    tox = (ROOT / "tox.ini").read_text()
    pairs = {
        (f"3.{python}", f"{django[0]}.{django[1]}")
        for python, versions in re.findall(r"^    py3(\d+)-dj(?:{([\d, ]+)}|(?=\d))", tox, re.MULTILINE)
        for django in (versions or "52").split(", ")
    }

    assert promised == pairs


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_by_commit(name: str) -> None:
    used = re.findall(r"uses: (.+)", TEXTS[name])

    assert used != []
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action)] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_may_only_read_unless_a_job_says_otherwise(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}


def test_only_the_job_that_publishes_gets_an_identity() -> None:
    jobs: dict[str, Any] = WORKFLOWS["publish.yml"]["jobs"]

    assert {name for name, job in jobs.items() if job.get("permissions")} == {"publish"}
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "password" not in TEXTS["publish.yml"].replace("There is no password", "")
