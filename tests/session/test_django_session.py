"""The Django session of another person ends, and so does the user that was read from it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from django_ory_mfa.session import django_session as module
from django_ory_mfa.session.django_session import Ending, leave_django
from tests.site import LOOP


class Session(dict[str, Any]):
    """A session that says that it was emptied."""

    is_flushed = False

    def flush(self) -> None:
        self.clear()
        self.is_flushed = True

    async def aflush(self) -> None:
        self.flush()


class Auth:
    """``django.contrib.auth``, which the sites of these tests have only if ``is_installed`` is true."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_installed = True
        self.left: list[Any] = []
        self.error: Exception | None = None
        self.anonymous = type("AnonymousUser", (), {})
        models = SimpleNamespace(AnonymousUser=self.anonymous)
        monkeypatch.setitem(sys.modules, "django.contrib.auth.models", models)
        monkeypatch.setattr(module, "apps", SimpleNamespace(is_installed=lambda name: self.is_installed))
        monkeypatch.setattr(module, "logout", self._logout)
        monkeypatch.setattr(module, "alogout", self._alogout)

    def _logout(self, request: Any) -> None:
        self.left.append(request)
        if self.error is not None:
            raise self.error

    async def _alogout(self, request: Any) -> None:
        self._logout(request)


@pytest.fixture
def auth(monkeypatch: pytest.MonkeyPatch) -> Auth:
    return Auth(monkeypatch)


def request_of(**attributes: Any) -> Any:
    request = RequestFactory().get("/")
    vars(request).update({"session": Session({SESSION_KEY: "1"}), **attributes})
    return request


def end(request: Any, mode: str) -> None:
    if mode == "sync":
        Ending(request).run()
    else:
        LOOP.run(Ending(request).arun())


def lazy(*, is_read: bool) -> Any:
    user: Any = SimpleLazyObject(lambda: SimpleNamespace(pk=1))
    if is_read:
        assert user.pk == 1
    return user


READ: dict[str, dict[str, Any]] = {
    "user": {"user": SimpleNamespace(pk=1)},
    "lazy": {"user": lazy(is_read=True), "_cached_user": SimpleNamespace(pk=1)},
    "awaited": {"user": lazy(is_read=False), "_acached_user": SimpleNamespace(pk=1)},
    "awaited alone": {"_acached_user": SimpleNamespace(pk=1)},
}


@pytest.mark.parametrize("attributes", READ.values(), ids=READ)
def test_user_that_was_read_is_signed_out_with_the_session(mode: str, auth: Auth, attributes: dict[str, Any]) -> None:
    request = request_of(**attributes)

    end(request, mode)

    assert (auth.left, request.session.is_flushed) == ([request], True)
    assert type(request.user) is auth.anonymous
    assert not {"_cached_user", "_acached_user"} & set(vars(request))


@pytest.mark.parametrize("attributes", [{"user": lazy(is_read=False)}, {"user": None}, {}], ids=["lazy", "none", "no"])
def test_user_that_nobody_has_read_is_not_read_to_be_signed_out(
    mode: str, auth: Auth, attributes: dict[str, Any]
) -> None:
    request = request_of(**attributes)

    end(request, mode)

    assert (auth.left, request.session.is_flushed) == ([], True)
    assert getattr(request, "user", None) is attributes.get("user")


def test_site_without_users_has_its_session_emptied(mode: str, auth: Auth) -> None:
    auth.is_installed = False
    user = SimpleNamespace(pk=1)
    request = request_of(user=user)

    end(request, mode)

    assert (auth.left, request.session.is_flushed, request.user) == ([], True, user)


def test_session_is_emptied_even_if_the_sign_out_fails(mode: str, auth: Auth) -> None:
    auth.error = RuntimeError("a receiver of the site")
    request = request_of(user=SimpleNamespace(pk=1), _cached_user=SimpleNamespace(pk=1))

    with pytest.raises(RuntimeError, match="a receiver"):
        end(request, mode)

    assert request.session.is_flushed
    assert type(request.user) is auth.anonymous
    assert "_cached_user" not in vars(request)


@pytest.mark.parametrize("error", [None, PermissionDenied()])
def test_leaving_signs_the_user_out_and_empties_the_session(auth: Auth, error: Exception | None) -> None:
    """Whoever can have no user here may sign out all the same."""
    auth.error = error
    request = request_of()

    leave_django(request)

    assert (auth.left, request.session.is_flushed) == ([request], True)


@pytest.mark.parametrize("has_auth", [True, False])
def test_leaving_empties_a_session_without_a_user(auth: Auth, *, has_auth: bool) -> None:
    auth.is_installed = has_auth
    request = request_of(session=Session({} if has_auth else {SESSION_KEY: "1"}))

    leave_django(request)

    assert (auth.left, request.session.is_flushed) == ([], True)


def test_leaving_a_site_without_sessions_does_nothing(auth: Auth) -> None:
    leave_django(RequestFactory().get("/"))

    assert auth.left == []
