"""The fixture that starts the Console API that is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import FakeConsole


@pytest.fixture
def console() -> Iterator[FakeConsole]:
    """One of its own for each test; what nobody may ask fails the test."""
    server = FakeConsole()
    yield server
    server.close()
    assert server.violations == []
