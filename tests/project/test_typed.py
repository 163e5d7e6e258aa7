"""The typed examples do what they say; whether they check is for ``make typing``."""

from __future__ import annotations

from typing import Any

import pytest

from django_ory_mfa.http import ActiveSession, GuardedHttpRequest
from django_ory_mfa.testing import FakeOry
from tests.site import Site
from tests.typed import right

pytestmark = pytest.mark.urls(right)


def test_guarded_example_needs_a_session(site: Site, ory: FakeOry) -> None:
    assert site.get("/dashboard/").status_code == 302


@pytest.mark.parametrize("path", ["/profile/", "/inbox/", "/decorated/", "/transfer/1/"])
def test_guarded_example_knows_the_identity(site: Site, ory: FakeOry, path: str) -> None:
    session = ory.login(site)

    assert str(session.identity.id) in site.get(path).content.decode()


def test_classes_for_annotations_stand_for_any_request(client: Any, ory: FakeOry) -> None:
    ory.login(client)

    request = client.get("/dashboard/").wsgi_request

    assert not isinstance(request, GuardedHttpRequest)
    assert not isinstance(request.ory_session, ActiveSession)
