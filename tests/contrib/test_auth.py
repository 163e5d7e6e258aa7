"""Runs ``tests/contrib_auth``, a site with users, under settings of its own: each database, each kind of user model.

The suite around it proves that the package needs neither: its settings have no database and no ``django.contrib.auth``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.chaos.servers import PostgresServer, postgres_program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    try:
        postgres_program("initdb")
    except RuntimeError as missing:
        (pytest.fail if os.environ.get("REQUIRE_DATABASES") == "1" else pytest.skip)(str(missing))
    server = PostgresServer(tmp_path)
    yield server
    server.close()


def run(*files: str, folder: str = "contrib_auth", **variables: str) -> None:
    """Passes if the tests of the site in ``folder`` do, or those in ``files``."""
    # Measuring doubles the time, and on another database the same lines run.
    left_out = ("PYTEST_", "COVERAGE_") if "USERS_DATABASE" in variables else ("PYTEST_",)
    where = ["--import-mode=append"] if os.environ.get("ORY_MFA_TEST_INSTALLED") else []
    command = [sys.executable, "-m", "pytest", f"--ds=tests.{folder}.settings", "-q", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*command, *where, *(f"tests/{folder}/{file}" for file in files or ("",))],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(left_out)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_site_on_sqlite() -> None:
    run()


def test_site_on_postgresql(postgres: PostgresServer) -> None:
    run("test_rules.py", "test_syncing.py", "test_custom_lookup.py", USERS_DATABASE=postgres.url)


@pytest.mark.parametrize("level", ["REPEATABLE_READ", "SERIALIZABLE"])
def test_parallel_requests_at_strict_isolation_levels(postgres: PostgresServer, level: str) -> None:
    only = "-k test_rule_1_"
    run("test_rules.py", USERS_DATABASE=postgres.url, USERS_ISOLATION=level, PYTEST_ADDOPTS=only)


@pytest.mark.parametrize("model", ["EmailUser", "HandleUser", "KeyUser", "PersonUser"])
def test_site_with_a_user_model_of_its_own(model: str) -> None:
    run(USERS_MODEL=f"people.{model}")
