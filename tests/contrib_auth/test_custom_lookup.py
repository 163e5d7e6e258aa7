"""The compiled query finds what Django's own finds, for whatever users there are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import post_init

from django_ory_mfa.contrib.auth.lookup import find_link
from django_ory_mfa.contrib.auth.models import OryIdentity

User: Any = get_user_model()
ID = UUID("4e079061-4dfb-4bc4-9f3a-dc969d68ac1d")
OTHER = UUID("4e079061-4dfb-4bc4-9f3a-dc969d68ac1e")

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> Any:
    user = User(**{User.USERNAME_FIELD: "ann@example.test"}, last_login=datetime(2026, 11, 29, 10, 41, tzinfo=UTC))
    user.set_unusable_password()
    user.save()
    return OryIdentity.objects.create(project="shop", identity_id=ID, user=user, digest="of something")


def test_user_is_the_one_that_django_reads(link: Any) -> None:
    expected = OryIdentity.objects.select_related("user").get().user

    found: Any = find_link("shop", ID)

    def said(user: Any) -> dict[str, Any]:
        return {name: value for name, value in vars(user).items() if name != "_state"}

    assert (found.pk, found.digest, found.user) == (link.pk, "of something", expected)
    assert said(found.user) == said(expected)
    assert (found.user._state.db, found.user._state.adding) == ("default", False)
    assert found.user.get_deferred_fields() == set()


@pytest.mark.parametrize(("project", "identity_id"), [("shop", OTHER), ("", ID), ("Shop", ID)], ids=str)
def test_other_identities_are_not_found(link: Any, project: str, identity_id: UUID) -> None:
    assert find_link(project, identity_id) is None


def test_parameters_are_no_sql(link: Any) -> None:
    assert find_link("' OR 1=1 --", ID) is None


def test_user_is_made_as_django_makes_one(link: Any) -> None:
    heard: list[Any] = []

    def hear(instance: Any, **named: Any) -> None:
        heard.append(instance)

    post_init.connect(hear, sender=User)
    found: Any = find_link("shop", ID)
    post_init.disconnect(hear, sender=User)

    assert [id(one) for one in heard] == [id(found.user)]


def test_user_that_was_found_can_be_saved(link: Any) -> None:
    found: Any = find_link("shop", ID)
    found.user.last_login = None

    found.user.save()

    assert User.objects.get().last_login is None
