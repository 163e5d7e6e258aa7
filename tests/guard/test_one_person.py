"""The user of a request to an API has to be the person of its Ory session."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from django_ory_mfa.guard.one_person import forget_other_sign_in, is_somebody, no_user_steps, other_person_steps
from django_ory_mfa.runtime.steps import Steps, arun, run
from tests.site import LOOP


class Person:
    """A user who is signed in."""

    is_authenticated = True


NOBODY = SimpleNamespace(is_authenticated=False)


class Refused(PermissionDenied):
    reason = "no_email"


class Mapped:
    """What ``contrib.auth`` attaches: the user of the person, or why there is none."""

    def __init__(self, user: Any) -> None:
        self._user = user

    def user(self) -> Any:
        if isinstance(self._user, Exception):
            raise self._user
        return self._user

    async def auser(self) -> Any:
        return self.user()


def request_of(mapped: Any = None) -> Any:
    """A request that ``contrib.auth`` has mapped, unless ``mapped`` is None."""
    request: Any = RequestFactory().get("/")
    if mapped is not None:
        request._ory_mfa_user = Mapped(mapped)
    return request


def reason(mode: str, steps: Steps[Any]) -> str | None:
    """Why the steps refuse; None if they do not."""
    refused = run(steps) if mode == "sync" else LOOP.run(arun(steps))
    if refused is None:
        return None
    assert refused.status == 403
    return str(refused.body["error"]["details"]["reason"])


def test_user_is_somebody_who_says_so() -> None:
    assert is_somebody(Person()) is True
    assert is_somebody(NOBODY) is False
    assert is_somebody(object()) is False
    assert is_somebody(None) is False


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        (None, None),
        (Person(), None),
        (NOBODY, "no_user"),
        (PermissionDenied("no"), "no_user"),
        (Refused("no"), "no_email"),
    ],
)
def test_person_without_an_active_user_is_refused(mode: str, mapped: Any, expected: str | None) -> None:
    assert reason(mode, no_user_steps(request_of(mapped))) == expected
    # An API that signed nobody in refuses the same.
    assert reason(mode, other_person_steps(request_of(mapped), NOBODY)) == expected


def test_user_of_the_person_is_let_in(mode: str) -> None:
    person = Person()

    assert reason(mode, other_person_steps(request_of(person), person)) is None


@pytest.mark.parametrize("mapped", [None, Person()])
def test_any_other_user_is_refused(mode: str, mapped: Any) -> None:
    assert reason(mode, other_person_steps(request_of(mapped), Person())) == "other_sign_in"


@pytest.mark.parametrize("mapped", [NOBODY, Refused("no")])
def test_other_user_is_refused_for_want_of_an_own_one(mode: str, mapped: Any) -> None:
    assert reason(mode, other_person_steps(request_of(mapped), Person())) in ("no_user", "no_email")


@pytest.fixture
def anonymous(monkeypatch: pytest.MonkeyPatch) -> type:
    """The class of Django's anonymous user, which cannot be imported on a site without users."""
    user = type("AnonymousUser", (), {})
    monkeypatch.setitem(sys.modules, "django.contrib.auth.models", SimpleNamespace(AnonymousUser=user))
    return user


def test_user_of_another_sign_in_is_forgotten(anonymous: type) -> None:
    request = request_of()
    request.user = Person()

    forget_other_sign_in(request)

    assert type(request.user) is anonymous
    assert LOOP.run(request.auser()) is request.user


def test_user_is_the_one_whom_contrib_auth_has_mapped(anonymous: type) -> None:
    person = Person()
    request = request_of(person)
    request.user = Person()

    forget_other_sign_in(request)

    assert request.user == person
    assert LOOP.run(request.auser()) is person


@pytest.mark.parametrize("mapped", [None, Person()])
def test_site_without_users_gets_none(mapped: Any, anonymous: type) -> None:
    request = request_of(mapped)

    forget_other_sign_in(request)

    assert not hasattr(request, "user")
