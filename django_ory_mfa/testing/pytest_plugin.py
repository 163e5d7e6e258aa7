"""The pytest plugin of the package: the fixture ``ory``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .fake import FakeOry


@pytest.fixture
def ory() -> Iterator[FakeOry]:
    """A fake Ory that answers every call of the package during one test.

    ``ory.login(client, aal="aal2", age=…, methods=…)`` signs a test client in; ``ory.calls`` lists what Ory was asked.
    """
    # Imported here because pytest loads this file in every project, whether it has settings for Django or not.
    from .install import installed

    with installed() as fake:
        yield fake
