"""The pytest plugin: the fixture ``ory``, and a fresh state of the package for every test."""

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
    """Forget what a test left in the package, such as an outage of its Ory."""
    forget_ory()
