"""Fixtures that start the servers of the scenarios."""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from .emulator import EmulatorServer
from .kratos import KratosServer

# By its path, since this package has another name depending on where pytest was started.
BUILD = runpy.run_path(str(Path(__file__).resolve().parents[1] / "kratos" / "build.py"))


@pytest.fixture(scope="session")
def kratos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KratosServer]:
    """A real Kratos for the whole run; tests configure it as they need it and make people of their own."""
    binary = BUILD["kratos_binary"]()
    if binary is None:
        no_kratos = pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip
        no_kratos(BUILD["MISSING"])
    server = KratosServer(binary, tmp_path_factory.mktemp("kratos"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorServer]:
    """An emulator of the older version for the whole run, over HTTP."""
    server = EmulatorServer("v1.3.1")
    yield server
    server.close()
