"""Users of other models than Django's: named by e-mail address with a UUID as key, or by a handle alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_auth.people.models import DELETED
from tests.contrib_auth.site import Reads, UsersSite, sign_in

User: Any = get_user_model()
SYNCS = "tests.contrib_auth.syncs"

pytestmark = pytest.mark.django_db
if django_settings.AUTH_USER_MODEL == "people.EmailUser":

    def test_rule_10_user_named_by_email_is_created_with_the_verified_one(ory: Any, site: UsersSite) -> None:
        sign_in(ory, site, email="ann@example.test")

        seen = site.me()

        user = User.objects.get()
        assert (seen["name"], UUID(seen["pk"])) == ("ann@example.test", user.pk)
        assert not user.has_usable_password()

    def test_rule_10_without_a_verified_email_there_is_no_row(ory: Any, site: UsersSite, sent: Any) -> None:
        sign_in(ory, site, email="ann@example.test", verified=False)

        response = site.get("me")

        assert response.status_code == 403
        html = response.content.decode()
        assert html.count("Your e\u2011mail address is not verified yet") == 2  # title and heading
        assert "We will e\u2011mail you a code" in html
        assert f"/self-service/verification/browser?return_to=http%3A%2F%2Ftestserver%2F{site.mode}%2Fme" in html
        assert (User.objects.count(), OryIdentity.objects.count()) == (0, 0)
        assert [(name, arguments["reason"]) for name, arguments in sent] == [("user_refused", "email_unverified")]

    @pytest.mark.parametrize("address", ["a" * 300 + "@example.test", "a\0b@example.test"], ids=["too long", "NUL"])
    def test_rule_10_without_an_email_that_can_be_stored_there_is_no_row(
        ory: Any, site: UsersSite, sent: Any, address: str
    ) -> None:
        sign_in(ory, site, email=address)

        assert site.get("me").status_code == 403
        assert (User.objects.count(), OryIdentity.objects.count()) == (0, 0)
        assert [arguments["reason"] for _, arguments in sent] == ["email_unverified"]

    def test_rule_10_verified_later_gets_a_row(ory: Any, site: UsersSite) -> None:
        identity = sign_in(ory, site, email="ann@example.test", verified=False)
        site.get("me")
        identity.verified = True

        assert site.me()["name"] == "ann@example.test"

    def test_rule_10_email_changed_at_ory_renames_the_same_user(ory: Any, site: UsersSite) -> None:
        identity = sign_in(ory, site, email="ann@example.test")
        before = site.me()
        identity.email = identity.traits["email"] = "ann@elsewhere.test"

        after = site.me()

        assert (after["pk"], after["name"]) == (before["pk"], "ann@elsewhere.test")

    @pytest.mark.parametrize(
        "email", ["\ufb01ona@example.test", "\uff41nn@example.test", "ann\uff20a.test@example.test"]
    )
    def test_rule_10_address_that_is_the_name_is_that_which_ory_verified(ory: Any, site: UsersSite, email: str) -> None:
        """Not as Django spells names, which would make it an address of somebody else."""
        identity = sign_in(ory, site, email=email)
        before = site.me()["name"]
        identity.traits["nickname"] = "fi"

        assert (before, site.me()["name"]) == (email, email)

    def test_rule_10_email_that_is_verified_no_longer_stays_the_name(ory: Any, site: UsersSite) -> None:
        identity = sign_in(ory, site, email="ann@example.test")
        before = site.me()
        identity.verified = False

        assert site.me() == before

    @pytest.mark.parametrize("sync", [None, "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"])
    def test_rule_3_new_identity_with_the_unique_email_of_a_deleted_one_is_a_conflict(
        ory: Any, site: UsersSite, settings: Any, sent: Any, sync: str | None
    ) -> None:
        settings.ORY_MFA_USER_SYNC = sync
        old = sign_in(ory, site, email="ann@example.test")
        site.me()
        ory.delete_identity(old)
        sign_in(ory, site, email="ann@example.test")

        response = site.get("me")

        assert response.status_code == 403
        assert str(OryIdentity.objects.get().identity_id) == old.id
        assert [arguments["reason"] for name, arguments in sent if name == "user_refused"] == ["conflict"]

    def test_email_that_another_user_has_is_a_conflict_and_changes_nothing(ory: Any, site: UsersSite) -> None:
        User.objects.create(email="bob@example.test")
        identity = sign_in(ory, site, email="ann@example.test")
        site.me()
        before = OryIdentity.objects.values().get()
        identity.email = identity.traits["email"] = "bob@example.test"

        response = site.get("me")

        assert response.status_code == 403
        assert set(User.objects.values_list("email", flat=True)) == {"ann@example.test", "bob@example.test"}
        assert OryIdentity.objects.values().get() == before

    @pytest.mark.parametrize("sync", [None, "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"])
    def test_rule_4_unverified_email_of_a_superuser_is_refused(
        ory: Any, site: UsersSite, settings: Any, sync: str | None
    ) -> None:
        settings.ORY_MFA_USER_SYNC = sync
        root = User.objects.create(email="root@example.test", is_superuser=True)
        sign_in(ory, site, email="root@example.test", verified=False)

        assert site.get("me").status_code == 403
        assert not root.ory_identities.exists()

    def test_address_in_another_spelling_links_nobody(ory: Any, site: UsersSite, settings: Any) -> None:
        """Even where the database takes it for the same."""
        settings.ORY_MFA_USER_SYNC = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"
        user = User.objects.create(email="Ann@example.test")
        sign_in(ory, site, email="ann@example.test")

        assert site.get("me").status_code == 403
        assert not user.ory_identities.exists()

    def test_disabled_user_whom_the_manager_hides_is_linked(ory: Any, site: UsersSite, settings: Any) -> None:
        settings.ORY_MFA_USER_SYNC = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"
        user = User.objects.create(email="ann@example.test", is_active=False)
        sign_in(ory, site, email="ann@example.test")

        seen = [site.me()["is_authenticated"], site.me()["is_authenticated"]]

        assert (seen, user.ory_identities.count()) == ([False, False], 1)

    @pytest.mark.parametrize("is_linked", [True, False])
    def test_user_whom_the_manager_hides_is_anonymous(
        ory: Any, site: UsersSite, settings: Any, sent: Any, *, is_linked: bool
    ) -> None:
        settings.ORY_MFA_USER_SYNC = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"
        user = User.objects.create(email="ann@example.test")
        sign_in(ory, site, email="ann@example.test")
        if is_linked:
            assert site.me()["pk"] == str(user.pk)
        sent.clear()
        User._base_manager.update(full_name=DELETED)

        assert site.me()["is_authenticated"] is False

        assert [(name, arguments["reason"]) for name, arguments in sent if name == "user_refused"] == [
            ("user_refused", "inactive")
        ]

    @pytest.mark.parametrize("is_linked", [True, False])
    def test_nothing_is_copied_to_a_user_whom_the_manager_hides(
        ory: Any, site: UsersSite, settings: Any, *, is_linked: bool
    ) -> None:
        """Such as one whose data were deleted here."""
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.MemberSync"
        Group.objects.create(name="editors")
        User.objects.create(email="ann@example.test")
        person = {"traits": {"name": "Ann"}, "metadata_public": {"roles": ["editors"]}}
        identity = sign_in(ory, site, email="ann@example.test")
        if is_linked:
            site.me()
            User._base_manager.update(email="gone-1@invalid")
        User._base_manager.update(full_name=DELETED)
        before = User._base_manager.values().get()
        identity.traits, identity.metadata_public = person["traits"], person["metadata_public"]

        seen = site.me()["is_authenticated"]

        assert (seen, User._base_manager.values().get()) == (False, before)
        assert not User._base_manager.get().groups.exists()
        User._base_manager.update(full_name="")
        assert (site.me()["is_authenticated"], User.objects.get().full_name) == (True, "Ann")

    def test_manager_that_hides_people_costs_one_query_more(
        ory: Any, site: UsersSite, django_assert_num_queries: Any
    ) -> None:
        sign_in(ory, site, email="ann@example.test")
        site.me()

        with django_assert_num_queries(2):
            site.me()

    def test_manager_that_hides_people_is_asked_where_the_user_was_read(
        ory: Any, site: UsersSite, settings: Any
    ) -> None:
        """A copy of the database may not have a new user yet."""
        sign_in(ory, site, email="ann@example.test")
        reads = Reads()
        settings.DATABASE_ROUTERS = [reads]

        assert [site.me()["is_authenticated"], site.me()["is_authenticated"]] == [True, True]

        assert "EmailUser" not in reads.models

    def test_existing_user_with_the_verified_email_is_linked_and_gets_groups(
        ory: Any, site: UsersSite, settings: Any
    ) -> None:
        settings.ORY_MFA_USER_SYNC = f"{SYNCS}.MemberSync"
        Group.objects.create(name="editors")
        user = User.objects.create(email="ann@example.test")
        person = {"traits": {"name": "Ann"}, "metadata_public": {"roles": ["editors"]}}
        sign_in(ory, site, email="ann@example.test", **person)

        assert site.me()["pk"] == str(user.pk)
        user.refresh_from_db()
        assert (user.full_name, user.groups.get().name) == ("Ann", "editors")

else:

    @pytest.mark.parametrize("sync", [None, "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"])
    def test_rule_10_user_without_email_and_groups_is_named_by_the_identity(
        ory: Any, site: UsersSite, settings: Any, sync: str | None
    ) -> None:
        settings.ORY_MFA_USER_SYNC = sync
        identity = sign_in(ory, site, email="ann@example.test")

        seen = [site.me(), site.me()]

        assert seen[0] == seen[1]
        assert User.objects.get().handle == identity.id

    def test_rule_10_user_without_email_is_synchronised(ory: Any, site: UsersSite, sent: Any) -> None:
        identity = sign_in(ory, site, email="ann@example.test")
        before = site.me()
        identity.email = identity.traits["email"] = "ann@elsewhere.test"

        assert site.me() == before

    def test_page_of_the_login_names_such_a_user_by_the_address_at_ory(ory: Any, site: UsersSite) -> None:
        sign_in(ory, site, email="ann@example.test")

        assert "ann@<wbr>example.test" in site.get("/account/security/login/").content.decode()
