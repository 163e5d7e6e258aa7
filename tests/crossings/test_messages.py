"""Messages that were left for one person and are shown in the same browser to the next."""

from __future__ import annotations

from typing import Any

import pytest

from django_ory_mfa.testing import FakeOry
from tests.crossings.ways import OURS, SESSIONS
from tests.site import Site

STORAGE = "django.contrib.messages.storage"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"


@pytest.mark.parametrize(
    ("storage", "waits"),
    [("session.SessionStorage", "no"), ("cookie.CookieStorage", "yes"), ("fallback.FallbackStorage", "yes")],
)
def test_message_waits_for_the_next_person_only_in_a_cookie_of_its_own(
    mode: str, ory: FakeOry, settings: Any, storage: str, waits: str
) -> None:
    settings.MIDDLEWARE = [*SESSIONS, MESSAGES, OURS]
    settings.MESSAGE_STORAGE = f"{STORAGE}.{storage}"
    site = Site(mode)
    first = ory.login(site)
    site.get("page/shown")
    ory.login(site)

    response = site.get("page/shown")

    assert (first.identity.id in response.content.decode()) is (waits == "yes")
