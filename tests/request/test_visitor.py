"""The keyed hashes by which a visitor is known."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from django_ory_mfa.core.session import ANONYMOUS, Identity, OrySession, SessionState
from django_ory_mfa.request.visitor import Visitor, bound_to, django_session_of, hashes_of_person

ANN = OrySession(SessionState.ACTIVE, identity=Identity("ann"))


def request(**cookies: str) -> Any:
    return RequestFactory().get("/", headers={"Cookie": "; ".join(map("=".join, cookies.items()))})


@pytest.mark.parametrize(
    ("visitor", "owner"),
    [
        (Visitor("p", "c"), "person p"),
        (Visitor("p", ""), "person p"),
        (Visitor("", "c"), "credential c"),
    ],
)
def test_hop_is_bound_to_the_person_before_the_credential(visitor: Visitor, owner: str) -> None:
    assert bound_to(request(sessionid="s"), visitor) == owner


def test_hop_of_a_stranger_is_bound_to_the_browser_by_djangos_cookies() -> None:
    owners = {bound_to(request(**cookies), Visitor()) for cookies in ({"sessionid": "s"}, {"csrftoken": "t"}, {})}

    assert len(owners) == 3
    assert all(owner.startswith("browser ") for owner in owners)
    assert bound_to(request(sessionid="s", csrftoken="t"), Visitor()) == bound_to(request(sessionid="s"), Visitor())


def test_browser_without_a_session_of_django_has_no_name() -> None:
    assert django_session_of(request()) == ""
    assert django_session_of(request(sessionid="")) == ""
    assert django_session_of(request(sessionid="s"))


def test_person_who_is_unknown_has_no_names() -> None:
    assert hashes_of_person(ANONYMOUS) == ()


def test_person_is_known_by_the_old_keys_too_and_named_by_the_new_one(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", []
    [before] = hashes_of_person(ANN)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old", "older"]

    now, *former = hashes_of_person(ANN)

    assert (now != before, former[0], len(former)) == (True, before, 2)
