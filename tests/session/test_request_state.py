"""The record of one request, before anything is known about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from django_ory_mfa.request.visitor import Visitor
from django_ory_mfa.session.request_state import RequestState, state_of
from django_ory_mfa.session.resolver import attach
from django_ory_mfa.testing import FakeOry

COOKIE = "ory_kratos_session=s3cret"


def state(cookie: str = "") -> RequestState:
    return attach(RequestFactory().get("/", headers={"Cookie": cookie} if cookie else {}))


def test_nothing_is_known_at_first() -> None:
    made = state()
    facts = (made.is_possibly_stale, made.is_enrolment_known, made.has_arrived, made.view_has_no_page)

    assert made.known_session is None
    assert facts == (False, False, False, False)
    assert (made.was_known_before_view, made.is_cache_blocked) == (False, False)


def test_state_is_told_by_itself_and_shows_nothing_of_the_request() -> None:
    first, second = state(COOKIE), state(COOKIE)
    second.request = first.request

    assert first != second
    assert len({first, second}) == 2
    assert first.credential is not None
    assert repr(first).startswith("<django_ory_mfa.session.request_state.RequestState object at ")


def test_visitor_is_named_as_far_as_known(ory: FakeOry) -> None:
    stranger, visitor = state(), state(COOKIE)

    assert stranger.visitor == Visitor()
    assert visitor.visitor == Visitor("", visitor.fingerprint)


def test_request_that_a_site_has_equipped_itself_grants_nothing() -> None:
    request: Any = RequestFactory().get("/")
    request._ory_mfa = object()
    with pytest.raises(ImproperlyConfigured, match="has no Ory session"):
        state_of(request)

    request.ory_session = object()
    with pytest.raises(ImproperlyConfigured, match="set by hand"):
        state_of(request)
