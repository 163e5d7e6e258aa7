"""Permissions come from Django's tables; passwords open nothing."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user_model
from django.contrib.auth.models import Permission

from django_ory_mfa.contrib.auth.backends import OryBackend

User: Any = get_user_model()

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Any:
    user = User.objects.create_user("ann", password="secret")
    user.user_permissions.add(Permission.objects.get(codename="change_group"))
    return user


def test_right_password_signs_nobody_in(ann: Any) -> None:
    assert ann.check_password("secret")
    assert authenticate(username="ann", password="secret") is None
    assert async_to_sync(aauthenticate)(username="ann", password="secret") is None
    backend: Any = OryBackend()
    assert backend.authenticate(None, "ann", "secret") is None


def test_permissions_are_those_of_the_user(ann: Any) -> None:
    assert (ann.has_perm("auth.change_group"), ann.has_perm("auth.delete_group")) == (True, False)


def test_disabled_user_has_no_permissions(ann: Any) -> None:
    ann.is_active = False

    assert not ann.has_perm("auth.change_group")


def test_django_login_with_a_password_opens_nothing(client: Any, ann: Any) -> None:
    assert not client.login(username="ann", password="secret")
