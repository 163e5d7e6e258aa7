"""Fixtures that start the servers of the scenarios."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import KratosServer

# By its path, since this package has another name depending on where pytest was started.
BUILD = runpy.run_path(str(Path(__file__).resolve().parents[1] / "kratos" / "build.py"))


@pytest.fixture(scope="session")
def kratos_binary() -> Path:
    """The program; without it, tests are skipped, or fail where it has to be there."""
    binary: Path | None = BUILD["kratos_binary"]()
    if binary is None:
        no_kratos = pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip
        no_kratos(BUILD["MISSING"])
    return binary


@pytest.fixture(scope="session")
def kratos(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KratosServer]:
    """A real Kratos for the whole run; tests configure it as they need it and make people of their own."""
    server = KratosServer(kratos_binary, tmp_path_factory.mktemp("kratos"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    """An emulator of the older version for the whole run, over HTTP."""
    server = EmulatorServer("v1.3.1")
    yield server
    server.close()
