"""Users whose primary key comes from Ory, or whose fields are in the tables of two models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_auth.people.models import Person
from tests.contrib_auth.site import UsersSite, sign_in
from tests.contrib_auth.syncs import RacingKeySync

User: Any = get_user_model()
SYNCS = "tests.contrib_auth.syncs"
BY_EMAIL = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def rows() -> Any:
    """Everything that is known of users and links, except when they were linked."""
    links = OryIdentity.objects.order_by("pk").values("pk", "identity_id", "user", "digest")
    return list(User.objects.order_by("pk").values()), list(Person.objects.order_by("pk").values()), list(links)


if django_settings.AUTH_USER_MODEL == "people.KeyUser":

    @pytest.fixture
    def boss() -> Any:
        user = User(email="boss@example.test", full_name="The Boss", is_staff=True)
        user.set_password("secret")
        user.save()
        return user

    @pytest.mark.parametrize("sync", [None, BY_EMAIL])
    def test_rule_3_new_identity_with_the_key_of_a_linked_user_is_a_conflict_and_changes_nothing(
        ory: Any, site: UsersSite, settings: Any, sent: Any, boss: Any, sync: str | None
    ) -> None:
        settings.ORY_MFA_USER_SYNC = sync
        OryIdentity.objects.create(user=boss, identity_id="4e079061-4dfb-4bc4-9f3a-dc969d68ac1d")
        sign_in(ory, site, email="boss@example.test")
        before = rows()

        response = site.get("me")

        assert (response.status_code, rows()) == (403, before)
        assert [arguments["reason"] for _, arguments in sent] == ["conflict"]

    def test_rule_10_user_whose_key_is_the_email_is_created_and_kept(ory: Any, site: UsersSite) -> None:
        sign_in(ory, site, email="ann@example.test")

        seen = [site.me(), site.me()]

        assert {user["pk"] for user in seen} == {"ann@example.test"}
        assert (User.objects.count(), OryIdentity.objects.count()) == (1, 1)

    def test_rule_3_email_that_is_the_key_stays_when_it_changes_at_ory(
        ory: Any, site: UsersSite, settings: Any, boss: Any
    ) -> None:
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NamedSync"
        identity = sign_in(ory, site, email="ann@example.test", traits={"name": "Ann"})
        before = site.me()
        identity.email, identity.traits = "boss@example.test", {"email": "boss@example.test", "name": "Anna"}

        seen = [site.me(), site.me()]

        assert seen == [before, before]
        assert User.objects.get(pk="ann@example.test").full_name == "Anna"
        assert User.objects.get(pk="boss@example.test").full_name == "The Boss"

    def test_existing_user_whose_key_is_the_email_is_linked(
        ory: Any, site: UsersSite, settings: Any, boss: Any
    ) -> None:
        settings.ORY_MFA_USER_SYNC = BY_EMAIL
        sign_in(ory, site, email="boss@example.test")

        assert site.me()["pk"] == "boss@example.test"
        boss.refresh_from_db()
        assert (boss.full_name, boss.is_staff, boss.check_password("secret")) == ("The Boss", True, True)

    @pytest.fixture
    def racing(settings: Any) -> Iterator[Any]:
        """Has another process do something while a request is about to create a user."""
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.RacingKeySync"
        yield RacingKeySync.meanwhile.append
        RacingKeySync.meanwhile.clear()

    def test_key_that_another_process_takes_meanwhile_is_a_conflict(ory: Any, site: UsersSite, racing: Any) -> None:
        sign_in(ory, site, email="boss@example.test")
        racing(lambda: User.objects.create(email="boss@example.test", full_name="The Boss"))

        assert site.get("me").status_code == 403
        assert (User.objects.get().full_name, OryIdentity.objects.count()) == ("The Boss", 0)

    def test_user_whom_another_process_creates_meanwhile_is_taken_as_it_is(
        ory: Any, site: UsersSite, racing: Any
    ) -> None:
        identity = sign_in(ory, site, email="ann@example.test")

        def create() -> None:
            user = User.objects.create(email="ann@example.test", full_name="Ann of the other process")
            OryIdentity.objects.create(user=user, identity_id=identity.id)

        racing(create)

        assert site.me()["pk"] == "ann@example.test"
        assert User.objects.get().full_name == "Ann of the other process"

    @committed
    def test_key_of_another_user_is_a_conflict_under_atomic_requests(ory: Any, mode: str) -> None:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
        site = UsersSite(mode)
        User.objects.create(email="boss@example.test", full_name="The Boss")
        sign_in(ory, site, email="boss@example.test")
        before = rows()
        try:
            status = site.get("/sync/me").status_code
        finally:
            connections["default"].settings_dict["ATOMIC_REQUESTS"] = False

        assert (status, rows()) == (403, before)

else:

    @pytest.fixture
    def keys(settings: Any) -> None:
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.KeySync"

    def test_rule_10_user_in_two_tables_is_created_and_synchronised(ory: Any, site: UsersSite, settings: Any) -> None:
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NamedSync"
        identity = sign_in(ory, site, traits={"name": "Ann"})
        created = site.me()
        identity.traits["name"] = "Anna"

        seen = [site.me(), site.me()]

        assert seen == [created, created]
        user = User.objects.get()
        assert (user.handle, user.full_name, Person.objects.count()) == (identity.id, "Anna", 1)

    @pytest.mark.usefixtures("keys")
    @pytest.mark.parametrize("name", ["id", "pk", "person_ptr_id"])
    @pytest.mark.parametrize("is_user", [True, False], ids=["of a user", "of a person without a user"])
    def test_key_of_somebody_else_is_a_conflict_and_changes_nothing(
        ory: Any, site: UsersSite, sent: Any, name: str, *, is_user: bool
    ) -> None:
        somebody = User.objects.create(handle="boss", full_name="The Boss") if is_user else Person.objects.create()
        sign_in(ory, site, metadata_public={name: somebody.pk, "full_name": "Eve"})
        before = rows()

        response = site.get("me")

        assert (response.status_code, rows()) == (403, before)
        assert [arguments["reason"] for _, arguments in sent] == ["conflict"]

    @pytest.mark.usefixtures("keys")
    @pytest.mark.parametrize("name", ["id", "pk", "person_ptr_id"])
    def test_key_that_is_free_is_taken(ory: Any, site: UsersSite, name: str) -> None:
        sign_in(ory, site, metadata_public={name: 1234, "full_name": "Ann"})

        assert [site.me()["pk"], site.me()["pk"]] == ["1234", "1234"]
        assert list(Person.objects.values()) == [{"id": 1234, "full_name": "Ann"}]

    @pytest.mark.usefixtures("keys")
    @pytest.mark.parametrize("name", ["id", "pk", "person_ptr_id"])
    def test_user_gets_the_key_of_nobody_else_later(ory: Any, site: UsersSite, name: str) -> None:
        boss = User.objects.create(handle="boss", full_name="The Boss")
        identity = sign_in(ory, site, metadata_public={"full_name": "Eve"})
        site.me()
        identity.metadata_public = {name: boss.pk, "full_name": "The new Boss"}
        before = rows()

        with pytest.raises(ImproperlyConfigured, match="another primary key"):
            site.get("me")

        assert rows() == before
