"""How a site's own tests sign its users in."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import AsyncRequestFactory, RequestFactory, TestCase, TransactionTestCase

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.testing import FakeOryMixin, assert_denied, assert_step_up
from tests.contrib_auth.site import UsersSite

User: Any = get_user_model()
SYNCS = "tests.contrib_auth.syncs"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Any:
    return User.objects.create_user("ann", "ann@example.test", is_staff=True)


def test_user_is_signed_in(ory: Any, site: UsersSite, ann: Any) -> None:
    session = ory.login(site, user=ann)

    assert site.me()["name"] == "ann"
    assert str(ann.ory_identities.get().identity_id) == session.identity.id
    assert session.identity.traits == {"email": "ann@example.test"}


def test_user_stays_as_the_test_has_made_them(
    ory: Any, site: UsersSite, ann: Any, settings: Any, django_assert_num_queries: Any
) -> None:
    """A site whose staff comes from Ory still tests its pages with a user who is staff."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    User.objects.update(first_name="Ann")
    ory.login(site, user=ann)

    with django_assert_num_queries(1):
        site.me()

    ann.refresh_from_db()
    assert (ann.first_name, ann.is_staff) == ("Ann", True)


@pytest.mark.parametrize(
    "said", [{"traits": {"name": "Anna"}}, {"email": "anna@example.test"}], ids=["traits", "email"]
)
def test_what_a_test_says_of_the_identity_is_copied(
    ory: Any, site: UsersSite, ann: Any, settings: Any, said: dict[str, Any]
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    ory.login(site, user=ann, **said)

    site.me()

    ann.refresh_from_db()
    assert (ann.first_name, ann.email) == (
        said.get("traits", {}).get("name", ""),
        said.get("email", "ann@example.test"),
    )


def test_change_of_the_identity_is_copied(ory: Any, site: UsersSite, ann: Any, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    session = ory.login(site, user=ann)
    site.me()
    session.identity.traits["name"] = "Anna"

    site.me()

    ann.refresh_from_db()
    assert ann.first_name == "Anna"


def test_user_who_signs_in_again_is_the_same_identity(ory: Any, site: UsersSite, ann: Any) -> None:
    first, second = ory.login(site, user=ann), ory.login(UsersSite(site.mode), user=ann, email="new@example.test")

    assert first.identity is second.identity
    assert OryIdentity.objects.count() == 1
    assert second.identity.traits["email"] == "new@example.test"


def test_second_login_at_aal1_is_a_step_up(ory: Any, site: UsersSite, ann: Any) -> None:
    """The first one has enrolled a second factor, which Ory then asks for."""
    ory.login(site, user=ann)
    ory.login(site, user=ann, aal="aal1")

    assert site.me()["is_authenticated"] is False
    assert_step_up(site.get("guarded"))


def test_user_without_an_address_has_an_identity_without_one(ory: Any, site: UsersSite) -> None:
    session = ory.login(site, user=User.objects.create(username="bob"))

    assert (site.me()["name"], session.identity.traits, session.identity.email) == ("bob", {}, None)
    assert User.objects.get().email == ""


def test_user_who_was_linked_before_keeps_the_identity(ory: Any, site: UsersSite, ann: Any) -> None:
    identity_id = "4e079061-4dfb-4bc4-9f3a-dc969d68ac1d"
    OryIdentity.objects.create(identity_id=identity_id, user=ann)

    session = ory.login(site, user=ann)

    assert (session.identity.id, site.me()["name"]) == (identity_id, "ann")


def test_link_of_another_project_is_not_the_one(ory: Any, site: UsersSite, ann: Any, settings: Any) -> None:
    OryIdentity.objects.create(project="old", identity_id="4e079061-4dfb-4bc4-9f3a-dc969d68ac1d", user=ann)
    settings.ORY_MFA_PROJECT = "new"

    ory.login(site, user=ann)

    assert site.me()["name"] == "ann"
    assert set(ann.ory_identities.values_list("project", flat=True)) == {"old", "new"}


def test_disabled_user_is_signed_in_at_ory_only(ory: Any, site: UsersSite, ann: Any) -> None:
    User.objects.update(is_active=False)
    ory.login(site, user=ann)

    assert site.me()["is_authenticated"] is False


@pytest.mark.parametrize("factory", [RequestFactory(), AsyncRequestFactory()], ids=["sync", "async"])
def test_request_has_the_user(ory: Any, ann: Any, factory: Any) -> None:
    request = ory.request(factory.get("/"), user=ann, aal="aal2")

    assert request.user == ann
    assert async_to_sync(request.auser)() == ann


def test_request_of_a_new_person_has_a_new_user(ory: Any) -> None:
    request = ory.request(RequestFactory().get("/"), email="bob@example.test")

    assert request.user.email == "bob@example.test"


def test_request_on_a_site_without_our_middleware_has_no_user(ory: Any, ann: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "tests.contrib_auth.middlewares.marking"]

    request = ory.request(RequestFactory().get("/"), user=ann)

    assert request.ory_session.is_authenticated
    assert not hasattr(request, "user")


class WithMixin(FakeOryMixin, TestCase):
    """The mixin of the package in a test case of Django."""

    def test_user_is_signed_in(self) -> None:
        self.ory.login(self.client, user=User.objects.create_user("ann"))

        assert self.client.get("/sync/me").json()["name"] == "ann"

    def test_second_factor_is_asked_for(self) -> None:
        self.ory.required_aal = "aal1"
        self.ory.login(self.client, user=User.objects.create_user("ann"), aal="aal1", second_factors={"totp"})

        assert_step_up(self.client.get("/sync/guarded/aal2"))

    def test_nobody_is_refused(self) -> None:
        assert_denied(self.client.get("/sync/guarded"), id="session_inactive")

    async def test_user_is_signed_in_by_an_async_test(self) -> None:
        user = await User.objects.acreate(username="ann")
        await self.ory.alogin(self.async_client, user=user, aal="aal1")

        response = await self.async_client.get("/async/me")

        assert response.json()["name"] == "ann"


class WithTransactions(FakeOryMixin, TransactionTestCase):
    """In one with real transactions."""

    def test_user_is_signed_in(self) -> None:
        self.ory.login(self.client, user=User.objects.create_user("ann"))

        assert self.client.get("/sync/me").json()["name"] == "ann"
