from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests import loopback
from tests.console.fixtures import console
from tests.servers import fixtures
from tests.site import MODES, Site

emulator, kratos, kratos_binary = fixtures.emulator, fixtures.kratos, fixtures.kratos_binary
stay_on_this_machine = loopback.stay_on_this_machine
__all__ = ["console"]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Every request-level behaviour is shown in sync and in async code."""
    return str(request.param)


@pytest.fixture
def site(mode: str) -> Site:
    """The site under test in one mode."""
    return Site(mode)


@pytest.fixture(autouse=True)
def _speak_as_before() -> Iterator[None]:
    """LocaleMiddleware leaves the language of the last request to the thread."""
    yield
    translation.deactivate()
