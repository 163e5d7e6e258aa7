"""Who becomes which user, and what is copied to them when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, GroupManager
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.contrib.auth.storing import is_text
from tests.clock import PassingTime
from tests.contrib_auth.middlewares import SlowMiddleware
from tests.contrib_auth.site import Reads, UsersSite, sign_in, statements
from tests.contrib_auth.syncs import ClosedRacingSync, FailingSync, NoticingSync, RacingSync

User: Any = get_user_model()
SYNCS = "tests.contrib_auth.syncs"
MIDDLEWARES = "tests.contrib_auth.middlewares"
BY_EMAIL = "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def user_of(site: UsersSite) -> Any:
    """The user whom the site sees."""
    return User.objects.get(pk=site.me()["pk"])


def is_synced(site: UsersSite) -> bool:
    """Whether the next request copies anything."""
    with CaptureQueriesContext(connection) as captured:
        site.me()
    return len(statements(captured)) > 1


# Creation.


def test_new_user_is_named_by_the_identity_and_has_no_password(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, email="ann@example.test")

    user = user_of(site)

    assert (user.username, user.email) == (identity.id, "ann@example.test")
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_link_knows_project_identity_and_times(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_PROJECT = "shop"
    identity = sign_in(ory, site)

    user = user_of(site)

    link = user.ory_identities.get()
    assert (link.project, str(link.identity_id), str(link)) == ("shop", identity.id, f"shop:{identity.id}")
    assert link.linked_at is not None
    assert link.synced_at is not None
    assert link.digest


def test_same_id_in_another_project_is_another_person(ory: Any, site: UsersSite, settings: Any) -> None:
    sign_in(ory, site)
    first = user_of(site)
    User.objects.update(username="first")
    settings.ORY_MFA_PROJECT = "other"

    assert user_of(site) != first


def test_address_that_is_not_verified_is_not_copied(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="ann@example.test", verified=False)

    assert user_of(site).email == ""


def test_domain_of_an_address_is_written_as_django_does(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="Ann@EXAMPLE.test")

    assert user_of(site).email == "Ann@example.test"


def test_site_names_new_users(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NamingSync"
    # The second letter is another one that looks the same.
    sign_in(ory, site, traits={"nickname": "a\uff4en"})

    assert user_of(site).username == "ann"


def test_link_that_another_request_may_have_made_is_looked_for_where_links_are_written(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    """A copy of the database for reading may lag behind."""
    User.objects.create(username=sign_in(ory, site).id)
    reads = Reads()
    settings.DATABASE_ROUTERS = [reads]

    assert site.get("me").status_code == 403

    assert reads.models.count("OryIdentity") == 1


def test_user_to_link_is_looked_for_where_links_are_written(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    user = User.objects.create(username="ann", email="ann@example.test")
    sign_in(ory, site, email="ann@example.test")
    reads = Reads()
    settings.DATABASE_ROUTERS = [reads]

    assert site.me()["pk"] == str(user.pk)

    assert (reads.models.count("OryIdentity"), reads.models.count("User")) == (1, 0)


def test_name_that_is_taken_is_a_conflict(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NamingSync"
    other = User.objects.create(username="ann")
    sign_in(ory, site, traits={"nickname": "ann"})

    assert site.get("me").status_code == 403
    assert not other.ory_identities.exists()


@pytest.mark.parametrize("sync", ["NamelessSync", "NamingSync"])
def test_person_without_a_name_gets_no_row(ory: Any, site: UsersSite, settings: Any, sent: Any, sync: str) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.{sync}"
    sign_in(ory, site)

    assert site.get("me").status_code == 403
    assert User.objects.count() == 0
    assert [arguments["reason"] for _, arguments in sent] == ["conflict"]


def test_site_may_refuse_in_its_own_words(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.RefusingSync"
    sign_in(ory, site)

    assert site.json("me").json()["error"]["details"] == {"reason": "no_customer"}
    assert [arguments["reason"] for _, arguments in sent] == ["no_customer"]


def test_closed_site_creates_nobody(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ClosedSync"
    sign_in(ory, site, email="ann@example.test")

    assert site.me()["is_authenticated"] is False
    assert User.objects.count() == 0
    assert [(name, arguments["reason"]) for name, arguments in sent] == [("user_refused", "not_linked")]


def test_closed_site_lets_in_who_is_linked(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ClosedSync"
    identity = sign_in(ory, site)
    user = User.objects.create(username="ann")
    OryIdentity.objects.create(identity_id=identity.id, user=user)

    assert user_of(site) == user


# What no database can store.

LONG = "a" * 300


@pytest.mark.parametrize("sync", [None, BY_EMAIL])
@pytest.mark.parametrize("address", [f"{LONG}@example.test", "a\0b@example.test"], ids=["too long", "NUL"])
def test_address_that_cannot_be_stored_is_none(
    ory: Any, site: UsersSite, settings: Any, sync: str | None, address: str
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    identity = sign_in(ory, site, email=address)

    new = user_of(site).email
    identity.email = identity.traits["email"] = "ann@example.test"
    usable = user_of(site).email
    identity.email = identity.traits["email"] = address

    assert (new, usable, user_of(site).email) == ("", "ann@example.test", "ann@example.test")


UNUSABLE = {
    "NUL": {"first_name": "A\0nn"},
    "a number for a date": {"last_login": 5},
    "not a date": {"last_login": "yesterday"},
    "too large": {"id": 10**30},
    "a list for a date": {"last_login": ["2026-01-01"]},
}


@pytest.mark.parametrize("values", UNUSABLE.values(), ids=UNUSABLE)
def test_person_whose_data_cannot_be_stored_is_refused(
    ory: Any, site: UsersSite, settings: Any, sent: Any, values: dict[str, Any]
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.KeySync"
    sign_in(ory, site, metadata_public=values)

    assert [site.get("me").status_code, site.get("me").status_code] == [403, 403]
    assert (User.objects.count(), OryIdentity.objects.count()) == (0, 0)
    assert {arguments["reason"] for _, arguments in sent} == {"unusable"}


@pytest.mark.parametrize("values", [{"first_name": "A\0nn"}, {"last_login": "yesterday"}], ids=["NUL", "not a date"])
def test_user_whose_new_data_cannot_be_stored_is_refused_until_they_can(
    ory: Any, site: UsersSite, settings: Any, values: dict[str, Any]
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.KeySync"
    identity = sign_in(ory, site, metadata_public={"first_name": "Ann"})
    before = user_of(site)
    identity.metadata_public = {"last_name": "Smith", **values}

    refused = site.json("me")
    kept = User.objects.get()
    identity.metadata_public = {"first_name": "Anna"}

    assert (refused.status_code, refused.json()["error"]["details"]) == (403, {"reason": "unusable"})
    assert (kept.first_name, kept.last_name) == ("Ann", "")
    assert (user_of(site), user_of(site).first_name) == (before, "Anna")


@pytest.mark.parametrize(("text", "storable"), [("Ann \u20ac", True), ("A\0nn", False), ("\ud800", False)], ids=ascii)
def test_text_that_every_database_can_store(text: str, *, storable: bool) -> None:
    assert is_text(text) is storable


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite stores text of any length")
def test_name_that_is_too_long_is_refused(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, traits={"name": LONG})
    new = site.get("me").status_code
    identity.traits["name"] = "Ann"
    usable = user_of(site).first_name
    identity.traits["name"] = LONG

    assert (new, usable, site.get("me").status_code) == (403, "Ann", 403)


# The primary key.


@pytest.fixture
def keys(settings: Any) -> None:
    """A site that keeps the primary keys which its users had elsewhere."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.KeySync"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["id", "pk"])
def test_primary_key_of_another_user_is_a_conflict_and_changes_nothing(
    ory: Any, site: UsersSite, sent: Any, name: str
) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.test", "secret")
    sign_in(ory, site, metadata_public={name: boss.pk})
    before = list(User.objects.values())

    response = site.get("me")

    assert (response.status_code, list(User.objects.values())) == (403, before)
    assert OryIdentity.objects.count() == 0
    assert [arguments["reason"] for _, arguments in sent] == ["conflict"]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("key", [1234, "1234"], ids=repr)
def test_primary_key_that_is_free_is_taken_and_kept(ory: Any, site: UsersSite, key: object) -> None:
    """It may be said as text, too."""
    identity = sign_in(ory, site, metadata_public={"id": key})
    created = site.me()["pk"]
    identity.metadata_public = {"id": key, "pk": key, "first_name": "Ann"}

    assert (created, site.me()["pk"]) == ("1234", "1234")
    assert User.objects.get().first_name == "Ann"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["id", "pk"])
@pytest.mark.parametrize("other", ["of another user", "free"])
def test_primary_key_of_a_user_never_changes(ory: Any, site: UsersSite, name: str, other: str) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.test", "secret")
    identity = sign_in(ory, site)
    site.me()
    before = list(User.objects.values())
    identity.metadata_public = {name: boss.pk if other == "of another user" else 1234, "first_name": "Eve"}

    with pytest.raises(ImproperlyConfigured, match="another primary key"):
        site.get("me")

    assert list(User.objects.values()) == before


# Existing users.


def test_existing_user_with_the_verified_address_is_linked(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.VerifiedShopSync"
    user = User.objects.create_superuser("ann", "ann@example.test", "secret")
    sign_in(ory, site, email="ann@example.test", traits={"name": "Ann"})

    seen = user_of(site)

    assert (seen, seen.username, seen.first_name, seen.is_superuser) == (user, "ann", "Ann", True)
    assert seen.check_password("secret")


def test_existing_user_is_not_linked_by_default(ory: Any, site: UsersSite) -> None:
    user = User.objects.create_user("ann", "ann@example.test")
    sign_in(ory, site, email="ann@example.test")

    assert user_of(site) != user


def test_address_is_compared_exactly_as_django_stores_it(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    user = User.objects.create_user("ann", "Ann@example.test")
    sign_in(ory, site, email="ann@example.test")

    assert user_of(site) != user


def test_address_in_capitals_at_ory_is_that_of_a_user_with_capitals(ory: Any, site: UsersSite, settings: Any) -> None:
    """Ory verifies the address in lower case; the trait still says how the person writes it."""
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    user = User.objects.create_user("ann", "Ann@EXAMPLE.test")
    sign_in(ory, site, email="ann@example.test", traits={"email": "Ann@EXAMPLE.test"})

    assert user_of(site) == user


def test_address_of_two_users_links_neither(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    both = [User.objects.create_user(name, "ann@example.test") for name in ("ann", "anna")]
    sign_in(ory, site, email="ann@example.test")

    assert user_of(site) not in both


def test_address_of_a_linked_user_links_nobody_else(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    user = User.objects.create_user("ann", "ann@example.test")
    OryIdentity.objects.create(project="old", identity_id="4e079061-4dfb-4bc4-9f3a-dc969d68ac1d", user=user)
    sign_in(ory, site, email="ann@example.test")

    assert user_of(site) != user


def test_person_without_a_verified_address_is_nobody_elses_user(ory: Any, site: UsersSite, settings: Any) -> None:
    """Users without an address must not match those whose address is unknown."""
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    user = User.objects.create_user("root", "")
    sign_in(ory, site, traits={"email": ""})

    assert user_of(site) != user


def test_disabled_user_with_the_address_is_linked_and_stays_disabled(
    ory: Any, site: UsersSite, settings: Any, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.VerifiedShopSync"
    user = User.objects.create_user("ann", "ann@example.test", is_active=False)
    sign_in(ory, site, email="ann@example.test", traits={"name": "Ann"})

    seen = [site.me()["is_authenticated"], site.me()["is_authenticated"]]

    user.refresh_from_db()
    assert (seen, User.objects.count(), user.first_name) == ([False, False], 1, "")
    assert user.ory_identities.get().digest == ""
    assert [(name, arguments["reason"]) for name, arguments in sent] == [("user_refused", "inactive")] * 2


# Later.


def test_name_and_address_follow_what_ory_says(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, email="ann@example.test", traits={"name": "Ann"})
    before = user_of(site)
    identity.email, identity.traits = "ann@elsewhere.test", {"email": "ann@elsewhere.test", "name": "Anna"}

    after = user_of(site)

    assert (before.first_name, before.email) == ("Ann", "ann@example.test")
    assert (after, after.first_name, after.email) == (before, "Anna", "ann@elsewhere.test")


def test_username_of_a_user_is_left_alone(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site)
    User.objects.filter(pk=user_of(site).pk).update(username="ann")
    identity.traits["name"] = "Ann"

    assert user_of(site).username == "ann"


def test_address_that_is_verified_no_longer_is_left_alone(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, email="ann@example.test")
    site.me()
    identity.email, identity.verified = "ann@elsewhere.test", False

    assert user_of(site).email == "ann@example.test"


def test_what_the_site_changed_is_left_alone_until_ory_says_something_new(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, traits={"name": "Ann"})
    user_of(site)
    User.objects.update(first_name="Annie", last_name="Smith")

    kept = user_of(site)
    identity.traits["nickname"] = "a"
    copied = user_of(site)

    assert (kept.first_name, copied.first_name, copied.last_name) == ("Annie", "Ann", "Smith")


def test_disabled_user_is_copied_to_once_enabled_again(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, traits={"name": "Ann"})
    user_of(site)
    User.objects.update(is_active=False)
    identity.traits["name"] = "Anna"
    site.me()
    while_disabled = User.objects.get().first_name
    User.objects.update(is_active=True)

    assert (while_disabled, user_of(site).first_name) == ("Ann", "Anna")


def test_deleted_user_is_created_anew(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    user_of(site).delete()

    assert OryIdentity.objects.count() == 0
    assert user_of(site).pk is not None


def test_link_by_the_command_is_copied_to_at_the_next_request(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, traits={"name": "Ann"})
    user = User.objects.create(username="ann")
    OryIdentity.objects.create(identity_id=identity.id, user=user)

    assert (user_of(site), user_of(site).first_name) == (user, "Ann")


# Rights.


@pytest.mark.parametrize("right", ["staff", "superuser"])
@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        (False, True, True),
        (True, False, False),
        (True, None, True),
        (False, None, False),
        (False, "true", False),
        (False, 1, False),
        (True, "yes", False),
        (True, [], False),
    ],
    ids=str,
)
def test_right_is_what_ory_says_and_none_leaves_it_alone(
    ory: Any, site: UsersSite, settings: Any, right: str, *, before: bool, said: object, after: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site)
    user_of(site)
    User.objects.update(**{f"is_{right}": before})
    identity.metadata_public = {right: said, "roles": []}

    assert getattr(user_of(site), f"is_{right}") is after


@pytest.mark.parametrize("right", ["staff", "superuser"])
@pytest.mark.parametrize(("said", "given"), [(True, True), (False, False), ("yes", False), (None, False)], ids=str)
def test_right_of_a_new_user_is_what_ory_says(
    ory: Any, site: UsersSite, settings: Any, right: str, *, said: object, given: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    sign_in(ory, site, metadata_public={right: said})

    assert getattr(user_of(site), f"is_{right}") is given


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        (["editors", "support"], ["editors", "support"]),
        (["editors", "editors"], ["editors"]),
        (["editors", 1, None, ["support"]], ["editors"]),
        (["admins", "unknown"], []),
        ("editors", []),
        ({"editors": False}, []),
        (None, []),
        (5, []),
        (True, []),
    ],
    ids=repr,
)
def test_groups_are_the_managed_ones_that_ory_names(
    ory: Any, site: UsersSite, settings: Any, roles: object, names: list[str]
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    for name in ("editors", "support", "admins"):
        Group.objects.create(name=name)
    identity = sign_in(ory, site, metadata_public={"roles": ["support"]})
    first = [group.name for group in user_of(site).groups.all()]
    identity.metadata_public = {"roles": roles}

    user = user_of(site)

    assert first == ["support"]
    assert sorted(user.groups.values_list("name", flat=True)) == names


def test_text_in_the_place_of_a_list_names_no_group(ory: Any, site: UsersSite, settings: Any) -> None:
    """Nor do its letters."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.LetterSync"
    Group.objects.create(name="e")
    sign_in(ory, site, metadata_public={"roles": "editors"})

    assert list(user_of(site).groups.all()) == []


def test_managed_group_that_ory_never_names_has_no_members(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ClubSync"
    identity = sign_in(ory, site)
    user_of(site).groups.add(Group.objects.create(name="editors"))
    identity.traits["name"] = "Ann"

    assert list(user_of(site).groups.all()) == []


def test_group_without_a_row_is_ignored(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    sign_in(ory, site, metadata_public={"roles": ["editors"]})

    assert list(user_of(site).groups.all()) == []
    assert Group.objects.count() == 0


def test_group_that_the_manager_hides_is_taken_away_all_the_same(
    ory: Any, site: UsersSite, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    group = Group.objects.create(name="editors")
    identity = sign_in(ory, site, metadata_public={"roles": ["editors"]})
    user = user_of(site)
    assert user.groups.get() == group
    hiding = GroupManager.from_queryset(QuerySet)()
    hiding.model, hiding.get_queryset = Group, lambda: QuerySet(Group).none()  # type: ignore[method-assign]
    monkeypatch.setattr(Group, "objects", hiding)
    identity.metadata_public = {}

    site.me()

    assert not user.groups.exists()


# When it is due.


@pytest.mark.parametrize(
    "change",
    [
        {"external_id": "customer-1"},
        {"schema_id": "customer"},
        {"traits": {"name": "Ann"}},
        {"metadata_public": {"a": 1}},
        {"organization_id": "org"},
        {"email": "ann@elsewhere.test"},
        {"verified": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_site_may_copy_is_noticed(ory: Any, site: UsersSite, change: dict[str, Any]) -> None:
    identity = sign_in(ory, site, email="ann@example.test")
    site.me()
    for name, value in change.items():
        setattr(identity, name, value)

    assert [is_synced(site), is_synced(site)] == [True, False]


def test_state_times_and_sessions_are_not_copied(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site)
    site.me()
    identity.created_at += timedelta(days=1)
    ory.sessions[0].extend()
    ory.login(site, aal="aal1")
    site.cookies[ory.cookie_name] = ory.add_session(identity, "password", "totp").cookie

    assert not is_synced(site)


def test_order_of_keys_is_nothing_new(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, metadata_public={"a": 1, "b": 2})
    site.me()
    identity.metadata_public = {"b": 2, "a": 1}

    assert not is_synced(site)


def test_older_answer_brings_nothing_back(ory: Any, site: UsersSite, settings: Any) -> None:
    """A session from a cache must not give a right again that was taken meanwhile."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, metadata_public={"staff": True})
    site.me()
    before = identity.created_at
    identity.created_at, identity.metadata_public = before + timedelta(seconds=1), {"staff": False}
    newer = user_of(site).is_staff
    identity.created_at, identity.metadata_public = before, {"staff": True}

    older = user_of(site).is_staff

    assert (newer, older) == (False, False)


def test_older_answer_from_the_cache_is_never_copied(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    settings.ORY_MFA_CACHE_TTL = 60
    identity = sign_in(ory, site, metadata_public={"staff": True})
    site.me()
    cached = site.cookies[ory.cookie_name].value
    site.cookies[ory.cookie_name] = ory.add_session(identity, "password", "totp").cookie
    identity.created_at, identity.metadata_public = identity.created_at + timedelta(seconds=1), {"staff": False}
    newer = user_of(site).is_staff
    OryIdentity.objects.update(synced_at=Now() - timedelta(hours=1))
    site.cookies[ory.cookie_name] = cached

    assert (newer, user_of(site).is_staff) == (False, False)


def test_answer_from_the_cache_is_not_copied_if_nobody_knows_which_is_older(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    """Two changes in one second have the same time where the database of Ory keeps no fractions."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    settings.ORY_MFA_CACHE_TTL = 60
    identity = sign_in(ory, site, metadata_public={"staff": True})
    site.me()
    cached = site.cookies[ory.cookie_name].value
    site.cookies[ory.cookie_name] = ory.add_session(identity, "password", "totp").cookie
    identity.metadata_public = {"staff": False}
    fresh = user_of(site).is_staff
    site.cookies[ory.cookie_name] = cached

    assert (fresh, user_of(site).is_staff) == (False, False)


def test_answer_that_only_the_clock_of_ory_makes_older_is_copied_after_a_minute(
    ory: Any, site: UsersSite, settings: Any
) -> None:
    """Else a right that was taken meanwhile would be kept for good."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    identity = sign_in(ory, site, metadata_public={"staff": True})
    site.me()
    identity.created_at, identity.metadata_public = identity.created_at - timedelta(seconds=5), {"staff": False}
    at_once = user_of(site).is_staff
    OryIdentity.objects.update(synced_at=Now() - timedelta(seconds=59))
    soon = user_of(site).is_staff
    OryIdentity.objects.update(synced_at=Now() - timedelta(seconds=61))

    assert (at_once, soon, user_of(site).is_staff) == (True, True, False)
    assert not is_synced(site)


@pytest.mark.parametrize(("seconds", "is_staff"), [(29, False), (31, True)])
def test_older_answer_that_has_waited_is_never_copied(
    ory: Any,
    site: UsersSite,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    clock: PassingTime,
    seconds: float,
    *,
    is_staff: bool,
) -> None:
    """Whoever sends a body slowly chooses how long."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    settings.MIDDLEWARE = [
        f"{MIDDLEWARES}.SlowMiddleware" if name.endswith("OryUserMiddleware") else name for name in settings.MIDDLEWARE
    ]
    identity = sign_in(ory, site, metadata_public={"staff": True})
    site.me()
    identity.created_at, identity.metadata_public = identity.created_at - timedelta(seconds=5), {"staff": False}
    OryIdentity.objects.update(synced_at=Now() - timedelta(seconds=61))
    monkeypatch.setattr(SlowMiddleware, "wait", staticmethod(lambda: clock.wait(seconds)))

    assert user_of(site).is_staff is is_staff


def test_verified_phone_number_is_noticed(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    site.me()
    cookie = f"{ory.cookie_name}={site.cookies[ory.cookie_name].value}"
    said = json.loads(ory.handle("GET", "/sessions/whoami", [("Cookie", cookie)]).body)
    said["identity"]["verifiable_addresses"] = [{"via": "sms", "value": "+491701234567", "verified": True}]
    ory.fail(200, body=json.dumps(said).encode())

    assert [is_synced(site), is_synced(site)] == [True, False]


def test_answer_without_a_time_is_copied(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    site.me()
    cookie = f"{ory.cookie_name}={site.cookies[ory.cookie_name].value}"
    said = json.loads(ory.handle("GET", "/sessions/whoami", [("Cookie", cookie)]).body)
    del said["identity"]["updated_at"]
    said["identity"]["traits"]["name"] = "Ann"
    ory.fail(200, body=json.dumps(said).encode())

    assert [is_synced(site), is_synced(site)] == [True, False]


# Hooks and signals.


def test_hook_sees_the_saved_user_and_whether_it_is_new(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NoticingSync"
    NoticingSync.calls.clear()
    identity = sign_in(ory, site)
    user = user_of(site)
    site.me()
    identity.traits["name"] = "Ann"
    site.me()

    assert NoticingSync.calls == [(user.pk, identity.id, True), (user.pk, identity.id, False)]


@committed
def test_signals_tell_who_was_created_and_who_was_copied_to(ory: Any, site: UsersSite, sent: Any) -> None:
    identity = sign_in(ory, site)
    user = user_of(site)
    site.me()
    identity.traits["name"] = "Ann"
    site.me()

    assert [(name, told["sender"], told["user"], told["identity"].id) for name, told in sent] == [
        ("user_created", OryIdentity, user, identity.id),
        ("user_synced", OryIdentity, user, identity.id),
    ]
    assert {told["request"].path for _, told in sent} == {f"/{site.mode}/me"}


@committed
def test_linking_an_existing_user_is_told_as_a_sync(ory: Any, site: UsersSite, settings: Any, sent: Any) -> None:
    settings.ORY_MFA_USER_SYNC = BY_EMAIL
    User.objects.create_user("ann", "ann@example.test")
    sign_in(ory, site, email="ann@example.test")
    site.me()

    assert [name for name, _ in sent] == ["user_synced"]


@committed
def test_receiver_that_fails_does_no_harm(ory: Any, site: UsersSite) -> None:
    from django_ory_mfa.contrib.auth.signals import user_created, user_refused

    def fail(**named: Any) -> None:
        raise ZeroDivisionError

    for signal in (user_created, user_refused):
        signal.connect(fail)
    sign_in(ory, site)

    seen = site.me()
    User.objects.update(is_active=False)
    disabled = site.me()

    for signal in (user_created, user_refused):
        signal.disconnect(fail)
    assert (seen["is_authenticated"], disabled["is_authenticated"]) == (True, False)


# The table.


def test_identity_is_linked_once(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    link = user_of(site).ory_identities.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        OryIdentity.objects.create(identity_id=link.identity_id, user=User.objects.create(username="other"))


def test_link_is_moved_as_a_fixture(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site)
    user = user_of(site)
    natural = {"use_natural_primary_keys": True, "use_natural_foreign_keys": True}
    fixture = serializers.serialize("json", [user, *OryIdentity.objects.all()], **natural)
    user.delete()
    User.objects.create(username="in between")

    for moved in serializers.deserialize("json", fixture):
        moved.save()

    link = OryIdentity.objects.get_by_natural_key("", identity.id)
    assert (link.user.username, str(link), link.natural_key()) == (identity.id, identity.id, ("", identity.id))


def test_fixture_has_users_before_links() -> None:
    assert getattr(OryIdentity.natural_key, "dependencies", None) == ("auth.User",)


# Other processes.


@pytest.fixture
def racing(settings: Any) -> Iterator[Any]:
    """Has another process do something while a request is about to copy."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.RacingSync"
    yield RacingSync.meanwhile.append
    RacingSync.meanwhile.clear()


def test_link_that_is_deleted_while_it_is_copied_to_is_nobody(ory: Any, site: UsersSite, racing: Any) -> None:
    identity = sign_in(ory, site)
    site.me()
    identity.traits["name"] = "Ann"
    racing(lambda: OryIdentity.objects.all().delete())

    assert site.me()["is_authenticated"] is False


def copies(updated_at: str) -> Any:
    """What another process does that copies what Ory said at that time."""

    def copy() -> None:
        OryIdentity.objects.update(digest=f"{updated_at}:other")
        User.objects.update(first_name="Ann of the other process", is_staff=True)

    return copy


def test_newer_data_that_another_process_copied_are_taken_as_they_are(ory: Any, site: UsersSite, racing: Any) -> None:
    identity = sign_in(ory, site)
    site.me()
    identity.traits["name"] = "Ann"
    racing(copies("9999-01-01T00:00:00.000000"))

    user = user_of(site)

    assert (user.first_name, user.is_staff) == ("Ann of the other process", True)
    assert OryIdentity.objects.get().digest == "9999-01-01T00:00:00.000000:other"


def test_older_data_that_another_process_copied_do_not_count_in_this_request(
    ory: Any, site: UsersSite, racing: Any
) -> None:
    identity = sign_in(ory, site, metadata_public={"staff": False})
    site.me()
    identity.traits["name"] = "Ann"
    racing(copies("2000-01-01T00:00:00.000000"))

    user = user_of(site)

    assert (user.first_name, user.is_staff) == ("Ann", False)


def test_request_that_always_comes_too_late_takes_what_is_there(ory: Any, site: UsersSite, racing: Any) -> None:
    identity = sign_in(ory, site)
    site.me()
    identity.traits["name"] = "Ann"
    for number in range(9):
        racing(copies(f"200{number}-01-01T00:00:00.000000"))

    assert user_of(site).first_name == "Ann of the other process"
    assert len(RacingSync.meanwhile) == 4


# Properties.


@pytest.fixture
def nicknames(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Users have a property that writes two fields."""

    def put(user: Any, name: str) -> None:
        user.first_name, user.last_name = name, name.upper()

    monkeypatch.setattr(User, "nickname", property(lambda user: user.first_name, put), raising=False)
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.NicknameSync"
    User._meta.__dict__.pop("_property_names", None)
    yield
    User._meta.__dict__.pop("_property_names", None)


@pytest.mark.usefixtures("nicknames")
def test_property_is_set_for_new_and_for_known_users(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, traits={"name": "Ann"})
    new = user_of(site)
    identity.traits["name"] = "Anna"

    known = user_of(site)

    assert [(user.first_name, user.last_name) for user in (new, known)] == [("Ann", "ANN"), ("Anna", "ANNA")]


@pytest.mark.usefixtures("nicknames")
def test_property_that_gets_what_cannot_be_stored_is_a_refusal(ory: Any, site: UsersSite, sent: Any) -> None:
    identity = sign_in(ory, site, traits={"name": "A\0"})
    new = site.get("me").status_code
    identity.traits["name"] = "Ann"
    site.me()
    identity.traits["name"] = "A\0"

    assert (new, site.get("me").status_code) == (403, 403)
    assert [said["reason"] for name, said in sent if name == "user_refused"] == ["unusable", "unusable"]


@pytest.mark.usefixtures("nicknames")
def test_property_that_sets_another_primary_key_is_an_error(
    ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, other = sign_in(ory, site, traits={"name": "Ann"}), User.objects.create(username="other")
    site.me()
    monkeypatch.setattr(User, "nickname", property(None, lambda user, name: setattr(user, "pk", other.pk)))
    identity.traits["name"] = "Anna"

    with pytest.raises(ImproperlyConfigured, match="another primary key"):
        site.get("me")


def test_identity_that_another_process_linked_meanwhile_is_that_user(ory: Any, site: UsersSite, racing: Any) -> None:
    identity = sign_in(ory, site)
    user = User.objects.create(username="linked by hand")
    racing(lambda: OryIdentity.objects.create(identity_id=identity.id, user=user))

    assert user_of(site) == user
    assert User.objects.count() == 1


def test_identity_that_another_process_linked_meanwhile_is_not_refused(
    ory: Any, site: UsersSite, settings: Any, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ClosedRacingSync"
    identity = sign_in(ory, site, email="ann@example.test")
    user = User.objects.create_user("ann", "ann@example.test")
    ClosedRacingSync.meanwhile.append(lambda: OryIdentity.objects.create(identity_id=identity.id, user=user))

    assert user_of(site) == user
    assert sent == []


class CollisionError(Exception):
    """What psycopg raises."""

    def __init__(self, **codes: str) -> None:
        self.__dict__ |= codes


def failure(cause: Exception | None = None) -> OperationalError:
    """What Django raises for it."""
    error = OperationalError("could not serialize access")
    error.__cause__ = cause
    return error


@pytest.fixture
def failures(settings: Any) -> Iterator[list[Exception]]:
    """The errors of the next attempts to copy."""
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.FailingSync"
    yield FailingSync.errors
    FailingSync.errors.clear()


@committed
@pytest.mark.parametrize("codes", [{"sqlstate": "40001"}, {"pgcode": "40P01"}], ids=["psycopg", "psycopg2"])
def test_copy_that_collided_with_another_one_is_repeated(
    ory: Any, site: UsersSite, sent: Any, failures: list[Exception], codes: dict[str, str]
) -> None:
    failures += [failure(CollisionError(**codes)) for _ in range(5)]
    identity = sign_in(ory, site, traits={"name": "Ann"})
    created = user_of(site).first_name
    failures += [failure(CollisionError(**codes))]
    identity.traits["name"] = "Anna"

    assert (created, user_of(site).first_name) == ("Ann", "Anna")
    assert [name for name, _ in sent] == ["user_created", "user_synced"]


@committed
@pytest.mark.parametrize(
    ("cause", "left"),
    [(CollisionError(sqlstate="40001"), 4), (CollisionError(sqlstate="57P01"), 9), (None, 9)],
    ids=["collides each time", "ends", "says nothing"],
)
def test_copy_that_fails_again_or_otherwise_is_an_error(
    ory: Any, site: UsersSite, failures: list[Exception], cause: Exception | None, left: int
) -> None:
    failures += [failure(cause) for _ in range(10)]
    sign_in(ory, site)

    with pytest.raises(OperationalError):
        site.get("me")

    assert (len(failures), User.objects.count()) == (left, 0)


def test_copy_inside_a_transaction_of_the_site_is_not_repeated(
    ory: Any, site: UsersSite, failures: list[Exception]
) -> None:
    """Its code, too, would have to run again."""
    failures += [failure(CollisionError(sqlstate="40001"))] * 2
    sign_in(ory, site)

    with pytest.raises(OperationalError):
        site.get("me")

    assert len(failures) == 1
