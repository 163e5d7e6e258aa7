"""Which transport the calls to Ory go through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_ory_mfa.ory.service import get_ory, use_transport
from django_ory_mfa.testing import FakeOry, installed
from django_ory_mfa.testing.transport import FakeOryTransport
from tests.site import Site


@pytest.fixture
def transport(ory: FakeOry) -> Iterator[FakeOryTransport]:
    """One that answers for ``ory``; whatever was used before is used again afterwards."""
    transport = FakeOryTransport(ory)
    before = use_transport(transport)
    yield transport
    use_transport(before)


def test_transport_that_is_replaced_is_returned(transport: FakeOryTransport) -> None:
    assert use_transport(None) is transport
    assert use_transport(transport) is None


def test_what_is_known_about_ory_does_not_outlive_its_transport(transport: FakeOryTransport) -> None:
    before = get_ory()
    assert get_ory() is before
    use_transport(transport)

    assert get_ory() is not before


def test_fake_within_a_fake_answers_until_it_is_over(site: Site, ory: FakeOry) -> None:
    ory.login(site)
    statuses = [site.get("aal2").status_code]
    with installed():
        statuses.append(site.get("aal2").status_code)
    statuses.append(site.get("aal2").status_code)

    assert statuses == [200, 302, 200]
