"""The pytest plugin of the package: the fixture ``ory``, and no test that sees the outages of another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_ory_mfa.runtime.per_process import forget_ory
from django_ory_mfa.testing.fake import FakeOry
from django_ory_mfa.testing.install import installed


@pytest.fixture
def ory() -> Iterator[FakeOry]:
    """A fake Ory that answers every call of the package during one test.

    ``ory.login(client, aal="aal2", age=…, methods=…)`` signs a test client in; ``ory.calls`` lists what Ory was asked.
    """
    with installed() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _ory_mfa_forgets() -> None:
    """What one test taught the package about its Ory, an outage say, is unknown to the next."""
    forget_ory()
