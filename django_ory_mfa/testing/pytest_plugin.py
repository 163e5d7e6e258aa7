"""The pytest plugin of the package: the fixture ``ory``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .fake import FakeOry
from .install import installed


@pytest.fixture
def ory() -> Iterator[FakeOry]:
    """A fake Ory that answers every call of the package during one test.

    ``ory.login(client, aal="aal2", age=…, methods=…)`` signs a test client in; ``ory.calls`` lists what Ory was asked.
    """
    with installed() as fake:
        yield fake
