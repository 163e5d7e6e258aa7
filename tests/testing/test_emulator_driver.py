"""The promises that the driver of the real Kratos keeps are kept by the emulator too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.emulator import EmulatorServer
from tests.servers.test_kratos_driver import *  # noqa: F403 (the same tests, on another server)

pytestmark: list[Any] = []  # type: ignore[no-redef]


@pytest.fixture(scope="module", params=["v1.3.1", "2026-07-29"])
def kratos(request: pytest.FixtureRequest) -> Iterator[EmulatorServer]:
    """What those tests run on."""
    server = EmulatorServer(request.param)
    yield server
    server.close()
