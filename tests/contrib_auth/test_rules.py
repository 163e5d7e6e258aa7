"""The numbered rules about users."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections
from django.test import AsyncClient, Client

from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.signals import identity_switched
from tests.contrib_auth.site import UsersSite, sign_in
from tests.markup import as_read
from tests.site import LOOP, location

User: Any = get_user_model()
PARALLEL = 20
SYNCS = "tests.contrib_auth.syncs"

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)


def together(request: Any) -> list[Any]:
    """The answers to requests of as many threads, all sent at the same time."""
    start = threading.Barrier(PARALLEL)

    def send() -> Any:
        start.wait()
        try:
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PARALLEL) as pool:
        return [future.result() for future in [pool.submit(send) for _ in range(PARALLEL)]]


def together_in_a_loop(request: Any) -> list[Any]:
    """The answers to requests of as many tasks, each with a thread of its own for blocking code, as a server has it."""

    async def send() -> Any:
        async with ThreadSensitiveContext():
            try:
                return await request()
            finally:
                await sync_to_async(connections.close_all)()

    async def send_all() -> list[Any]:
        return await asyncio.gather(*(send() for _ in range(PARALLEL)))

    return LOOP.run(send_all(), context=copy_context())


@committed
@pytest.mark.parametrize("sync", ["django_ory_mfa.contrib.auth.sync.UserSync", f"{SYNCS}.VerifiedShopSync"])
def test_rule_1_parallel_first_requests_make_one_user_and_one_link(
    ory: Any, mode: str, settings: Any, sent: Any, sync: str
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    client: Any = Client() if mode == "sync" else AsyncClient()
    session = ory.login(client)
    send = together if mode == "sync" else together_in_a_loop

    answers = send(lambda: client.get(f"/{mode}/me"))

    assert [answer.status_code for answer in answers] == [200] * PARALLEL
    user = User.objects.get()
    assert {answer.json()["pk"] for answer in answers} == {str(user.pk)}
    assert str(OryIdentity.objects.get().identity_id) == session.identity.id
    assert [name for name, _ in sent] == ["user_created"]


@committed
def test_rule_1_parallel_first_requests_link_an_existing_user_once(
    ory: Any, mode: str, settings: Any, sent: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.VerifiedShopSync"
    user = User.objects.create_user("ann", "ann@example.test")
    client: Any = Client() if mode == "sync" else AsyncClient()
    ory.login(client, email="ann@example.test", traits={"name": "Ann"})
    send = together if mode == "sync" else together_in_a_loop

    answers = send(lambda: client.get(f"/{mode}/me"))

    assert {(answer.status_code, answer.json()["pk"]) for answer in answers} == {(200, str(user.pk))}
    assert (User.objects.get(), OryIdentity.objects.get().user) == (user, user)
    assert [name for name, _ in sent] == ["user_synced"]


@committed
def test_rule_1_parallel_requests_after_a_change_copy_it_once(ory: Any, mode: str, settings: Any, sent: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.VerifiedShopSync"
    Group.objects.create(name="editors")
    client: Any = Client() if mode == "sync" else AsyncClient()
    identity = ory.login(client).identity
    send = together if mode == "sync" else together_in_a_loop
    send(lambda: client.get(f"/{mode}/me"))
    identity.metadata_public = {"roles": ["editors"]}

    answers = send(lambda: client.get(f"/{mode}/me"))

    assert {answer.status_code for answer in answers} == {200}
    assert [group.name for group in User.objects.get().groups.all()] == ["editors"]
    assert [name for name, _ in sent] == ["user_created", "user_synced"]


def test_rule_2_disabled_user_is_anonymous_and_keeps_the_row(ory: Any, site: UsersSite, sent: Any) -> None:
    sign_in(ory, site)
    site.me()
    User.objects.update(is_active=False)

    seen = [site.me(), site.me()]

    assert [user["is_authenticated"] for user in seen] == [False, False]
    assert (User.objects.count(), OryIdentity.objects.count()) == (1, 1)
    assert [arguments["reason"] for name, arguments in sent if name == "user_refused"] == ["inactive"] * 2


def test_rule_3_email_changed_at_ory_is_the_same_user(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site, email="ann@example.test")
    before = site.me()
    identity.email = identity.traits["email"] = "ann@elsewhere.test"

    after = site.me()

    assert after == before
    assert User.objects.get().email == "ann@elsewhere.test"


@pytest.mark.parametrize("sync", [None, "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"])
def test_rule_3_new_identity_with_the_email_of_a_deleted_one_is_a_new_user(
    ory: Any, site: UsersSite, settings: Any, sync: str | None
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    identity = sign_in(ory, site, email="ann@example.test")
    before = site.me()
    ory.delete_identity(identity)
    sign_in(ory, site, email="ann@example.test")

    after = site.me()

    assert after["is_authenticated"]
    assert after["pk"] != before["pk"]
    assert User.objects.filter(email="ann@example.test").count() == 2


@pytest.mark.parametrize("sync", [None, "django_ory_mfa.contrib.auth.sync.VerifiedEmailSync"])
@pytest.mark.parametrize("verified", [True, False], ids=["superuser with another address", "address not verified"])
def test_rule_4_unverified_email_of_a_superuser_gives_no_link_and_no_rights(
    ory: Any, site: UsersSite, settings: Any, sync: str | None, *, verified: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    root = User.objects.create_superuser("root", "root@example.test", "secret")
    claimed = {"email": "root@example.test"}
    address = "eve@example.test" if verified else "root@example.test"
    sign_in(ory, site, email=address, traits=claimed, verified=verified)

    seen = site.me()

    user = User.objects.get(pk=seen["pk"])
    assert user != root
    assert (user.is_staff, user.is_superuser, user.email) == (False, False, "eve@example.test" if verified else "")
    assert not root.ory_identities.exists()


def test_rule_5_traits_are_no_source_of_rights(ory: Any, site: UsersSite) -> None:
    Group.objects.create(name="staff")
    rights = {"is_staff": True, "is_superuser": True, "staff": True, "groups": ["staff"], "roles": ["staff"]}
    sign_in(ory, site, email="eve@example.test", traits=rights)

    user = User.objects.get(pk=site.me()["pk"])

    assert (user.is_staff, user.is_superuser, list(user.groups.all())) == (False, False, [])


def test_rule_5_group_that_is_not_managed_survives_100_syncs(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    own, *_ = (Group.objects.create(name=name) for name in ("own", "editors", "support"))
    identity = sign_in(ory, site)
    user = User.objects.get(pk=site.me()["pk"])
    user.groups.add(own)

    seen = set()
    for number in range(100):
        identity.metadata_public = {"roles": ["editors", "own"] if number % 2 else [], "number": number}
        site.me()
        seen.add(tuple(user.groups.order_by("name").values_list("name", flat=True)))

    assert seen == {("own",), ("editors", "own")}


@committed
def test_rule_6_view_that_raises_under_atomic_requests_leaves_no_row_and_no_signal(
    ory: Any, mode: str, settings: Any, sent: Any
) -> None:
    """An async client, too, calls a sync view: Django allows no other under ATOMIC_REQUESTS."""
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    site = UsersSite(mode, raise_request_exception=False)
    sign_in(ory, site)
    try:
        failed = site.get("/sync/failing")
        rows, signals = (User.objects.count(), OryIdentity.objects.count()), list(sent)
        seen = [site.me("/sync/me"), site.me("/sync/me")]
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False

    assert (failed.status_code, rows, signals) == (500, (0, 0), [])
    assert (User.objects.count(), OryIdentity.objects.count()) == (1, 1)
    assert seen[0] == seen[1]
    assert [name for name, _ in sent] == ["user_created"]


def test_rule_7_user_in_a_coroutine_before_auser_is_an_error(ory: Any) -> None:
    site = UsersSite("async")
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation, match=r"await request.auser\(\)"):
        site.get("unawaited")


def test_rule_7_user_in_a_coroutine_is_an_error_for_nobody_too() -> None:
    """Else the developer, who is not signed in, would not notice."""
    with pytest.raises(SynchronousOnlyOperation):
        UsersSite("async").get("unawaited")


def test_rule_7_negated_condition_of_a_template_does_not_swallow_the_error(ory: Any) -> None:
    """``{% if not request.user.is_authenticated %}`` would show the branch for nobody."""
    site = UsersSite("async")
    ory.login(site)

    with pytest.raises(SynchronousOnlyOperation):
        site.get("unawaited_in_template")


@pytest.mark.parametrize("page", ["in_template", "in_late_template", "named_in_template", "twice"])
def test_rule_7_user_works_after_auser_and_in_templates(ory: Any, site: UsersSite, page: str) -> None:
    identity = sign_in(ory, site)

    response = site.get(page)

    shown = {"named_in_template": identity.id, "twice": f'{{"same": true, "pk": "{User.objects.get().pk}"}}'}
    assert (response.status_code, response.content.decode().strip()) == (200, shown.get(page, "somebody"))


def test_rule_8_new_url_of_ory_keeps_every_user(ory: Any, site: UsersSite, settings: Any) -> None:
    sign_in(ory, site)
    before = site.me()
    settings.ORY_MFA_SDK_URL = settings.ORY_MFA_BROWSER_URL = ory.public_url = "http://127.0.0.1:4455"
    from django_ory_mfa.testing import installed

    with installed(ory):
        after = site.me()

    assert (after, User.objects.count()) == (before, 1)


def test_rule_11_permission_that_is_missing_ends_on_the_page_of_the_login(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site, email="ann@example.test")

    refused = site.get("editors_only")
    page = site.get(location(refused))

    assert (refused.status_code, location(refused)) == (302, f"/account/security/login/?next=/{site.mode}/editors_only")
    assert (page.status_code, "Signed in as" in page.content.decode()) == (200, True)
    assert "ann@example.test" in as_read(page.content.decode())


def test_rule_11_permission_that_is_there_opens_the_page(ory: Any, site: UsersSite, settings: Any) -> None:
    from django.contrib.auth.models import Permission

    settings.ORY_MFA_USER_SYNC = f"{SYNCS}.ShopSync"
    editors = Group.objects.create(name="editors")
    editors.permissions.add(Permission.objects.get(codename="change_group"))
    sign_in(ory, site, metadata_public={"roles": ["editors"]})

    assert site.get("editors_only").status_code == 200


@pytest.fixture
def with_passwords(settings: Any) -> None:
    """A site where Django's own logins are good ones, were they looked at."""
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "django.contrib.auth.backends.ModelBackend"]


@pytest.mark.usefixtures("with_passwords")
def test_rule_12_django_session_opens_nothing(ory: Any, site: UsersSite) -> None:
    site.client.force_login(User.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend")

    private = site.get("private")

    assert site.me()["is_authenticated"] is False
    assert location(private) == f"/account/security/login/?next=/{site.mode}/private"


@pytest.mark.usefixtures("with_passwords")
def test_rule_12_django_session_beside_an_ory_session_counts_for_nothing(ory: Any, site: UsersSite) -> None:
    site.client.force_login(User.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend")
    identity = sign_in(ory, site)

    assert site.me()["name"] == identity.id


# Somebody else in the same browser.


@pytest.fixture
def switches() -> Iterator[list[Any]]:
    """The signals that somebody else has come."""
    heard: list[Any] = []

    def hear(**named: Any) -> None:
        heard.append(named["session"].identity.id)

    identity_switched.connect(hear)
    yield heard
    identity_switched.disconnect(hear)


@pytest.mark.parametrize("page", ["notes", "guarded/notes"])
def test_rule_9_somebody_else_finds_an_empty_django_session(
    ory: Any, site: UsersSite, switches: list[Any], page: str
) -> None:
    first = sign_in(ory, site)
    seen = [site.get(page).json(), site.get(page).json()]
    second = sign_in(ory, site)

    seen += [site.get(page).json(), site.get(page).json()]

    assert seen == [
        {"user": first.id, "notes": []},
        {"user": first.id, "notes": [first.id]},
        {"user": second.id, "notes": []},
        {"user": second.id, "notes": [second.id]},
    ]
    assert switches == [second.id]


def test_rule_9_first_person_does_not_find_the_session_of_the_second(ory: Any, site: UsersSite) -> None:
    first = sign_in(ory, site)
    cookie = site.cookies[ory.cookie_name].value
    site.get("notes")
    sign_in(ory, site)
    site.get("notes")
    site.cookies[ory.cookie_name] = cookie

    assert site.get("notes").json() == {"user": first.id, "notes": []}


def test_rule_9_session_that_was_read_before_is_empty_once_the_person_is_known(ory: Any, site: UsersSite) -> None:
    """The look before sees what was there: the documentation says so. What follows does not."""
    first = sign_in(ory, site)
    site.get("notes")
    second = sign_in(ory, site)

    late = site.get("late_notes").json()

    assert late == {"before": [first.id], "user": second.id, "notes": []}
    assert site.get("notes").json() == {"user": second.id, "notes": [second.id]}


def test_rule_9_page_that_looks_at_no_session_writes_none(ory: Any, site: UsersSite) -> None:
    sign_in(ory, site)
    site.get("notes")
    sign_in(ory, site)

    assert set(site.get("me").cookies) == set()


@pytest.mark.usefixtures("with_passwords")
def test_rule_9_django_login_of_somebody_else_ends_with_the_session(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], "tests.contrib_auth.middlewares.FallbackMiddleware"]
    root = User.objects.create_superuser("root")
    site.client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    alone = site.me()["name"]
    first = sign_in(ory, site)
    site.get("notes")
    second = sign_in(ory, site)
    site.get("notes")
    del site.cookies[ory.cookie_name]

    assert (alone, first.id == second.id, site.me()["is_authenticated"]) == ("root", False, False)
