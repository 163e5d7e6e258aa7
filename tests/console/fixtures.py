"""The fixture that starts the fake Console API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console.server import FakeConsole


@pytest.fixture
def console() -> Iterator[FakeConsole]:
    """One for each test; a request that no client may send fails the test."""
    server = FakeConsole()
    yield server
    server.close()
    assert server.violations == []
