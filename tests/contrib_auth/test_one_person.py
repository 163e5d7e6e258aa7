"""The second factor of one person does not open the account of another."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.apis import needed
from tests.contrib_auth.site import UsersSite, sign_in

needed("rest_framework", "ninja")

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib_auth.one_person_site")]

User: Any = get_user_model()
PASSWORDS = "django.contrib.auth.backends.ModelBackend"
OURS = "django_ory_mfa.contrib.auth"
USERS = f"{OURS}.middleware.OryUserMiddleware"
DJANGO = "django.contrib.auth.middleware.AuthenticationMiddleware"
HEADER = "Basic " + base64.b64encode(b"alice:sesame").decode()


@pytest.fixture
def unmapped(settings: Any) -> None:
    """A site with Django's own sign-in, that maps nobody."""
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != OURS]
    settings.MIDDLEWARE = [DJANGO if name == USERS else name for name in settings.MIDDLEWARE]
    settings.AUTHENTICATION_BACKENDS = [PASSWORDS]


@pytest.fixture(autouse=True)
def backends(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, PASSWORDS]


def alice(site: UsersSite) -> Any:
    """Signs Alice in, with Django's password only."""
    user = User.objects.create_user("alice", password="sesame")
    site.client.force_login(user, backend=PASSWORDS)
    return user


def told(response: Any) -> tuple[int, str, Any]:
    error = json.loads(response.content)["error"]
    return response.status_code, error["id"], error["details"].get("reason")


def get(site: UsersSite, target: str) -> Any:
    headers = {"Authorization": HEADER} if target == "basic-first" else {}
    return site.json(target if target.startswith("ninja") else f"/{target}", headers=headers)


@pytest.mark.usefixtures("unmapped")
@pytest.mark.parametrize("target", ["session-first", "session-alone", "basic-first", "asked-by-one"])
def test_second_factor_of_another_person_does_not_open_a_django_account(site: UsersSite, ory: Any, target: str) -> None:
    alice(site)
    sign_in(ory, site)

    assert told(get(site, target)) == (403, "forbidden", "other_sign_in")


@pytest.mark.usefixtures("unmapped")
@pytest.mark.parametrize("target", ["ory-first", "mine-first"])
def test_account_is_that_of_the_ory_session_where_ory_is_asked_first(site: UsersSite, ory: Any, target: str) -> None:
    alice(site)
    identity = sign_in(ory, site)

    assert get(site, target).json() == {"name": identity.id}


@pytest.mark.usefixtures("unmapped")
def test_another_permission_may_still_allow_another_sign_in(site: UsersSite, ory: Any) -> None:
    alice(site)
    sign_in(ory, site)

    assert told(get(site, "either")) == (403, "forbidden", "other_sign_in")
    assert get(site, "either?word=sesame").json() == {"name": "alice"}
    assert get(site, "not-asked").json() == {"name": "alice"}


@pytest.mark.usefixtures("unmapped")
def test_level_is_told_before_the_other_sign_in(site: UsersSite, ory: Any) -> None:
    alice(site)

    assert told(get(site, "session-first"))[:2] == (401, "session_inactive")


@pytest.mark.parametrize("target", ["session-first", "session-alone", "ory-first"])
def test_mapped_user_passes_by_any_authenticator(site: UsersSite, ory: Any, target: str) -> None:
    identity = sign_in(ory, site)

    assert get(site, target).json() == {"name": identity.id}


def test_password_of_another_user_does_not_pass_with_the_factor_of_a_mapped_one(site: UsersSite, ory: Any) -> None:
    alice(site)
    sign_in(ory, site)

    assert told(get(site, "basic-first")) == (403, "forbidden", "other_sign_in")


def test_password_and_factor_of_the_same_user_pass(site: UsersSite, ory: Any) -> None:
    identity = sign_in(ory, site)
    OryIdentity.objects.create(user=alice(UsersSite("sync")), identity_id=identity.id)

    assert get(site, "basic-first").json() == {"name": "alice"}


def disable(site: UsersSite, ory: Any) -> Any:
    identity = sign_in(ory, site)
    user = User.objects.create(username=identity.id, is_active=False)
    OryIdentity.objects.create(user=user, identity_id=identity.id)
    return user


@pytest.mark.parametrize("target", ["level-alone", "nobody"])
def test_disabled_user_is_forbidden_by_a_level_alone(site: UsersSite, ory: Any, target: str) -> None:
    disable(site, ory)

    assert told(get(site, target))[:2] == (403, "forbidden")


def test_person_who_is_not_linked_is_forbidden_by_a_level_alone(site: UsersSite, ory: Any, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = "tests.contrib_auth.syncs.ClosedSync"
    sign_in(ory, site)

    assert told(get(site, "level-alone")) == (403, "forbidden", "no_user")
    assert told(get(site, "nobody")) == (403, "forbidden", "no_user")


@pytest.mark.parametrize("target", ["level-alone", "nobody", "ninja"])
def test_conflict_is_forbidden_by_a_level_alone(site: UsersSite, ory: Any, target: str) -> None:
    User.objects.create(username=sign_in(ory, site).id)

    response = get(site, target) if target != "ninja" else site.json(f"/ninja/{site.mode}/operation")

    assert told(response) == (403, "forbidden", "conflict")


def test_conflict_leaves_the_decision_to_another_permission(site: UsersSite, ory: Any) -> None:
    from django_ory_mfa.contrib.rest_framework import AALPermission

    identity = ory.add_identity(second_factors={"totp"})
    User.objects.create(username=identity.id)
    session = ory.add_session(identity, "password", "totp")
    request = ory.request(RequestFactory().get("/", headers={"Cookie": f"{ory.cookie_name}={session.cookie}"}))

    assert not AALPermission("aal2").has_permission(request, None)


# django-ninja


def operation(site: UsersSite, name: str = "operation", api: str = "ninja") -> Any:
    return site.json(f"/{api}/{site.mode}/{name}")


@pytest.mark.usefixtures("unmapped")
@pytest.mark.parametrize("name", ["operation", "operation-not-asked"])
def test_operation_sees_no_account_but_that_of_the_ory_session(site: UsersSite, ory: Any, name: str) -> None:
    alice(site)
    sign_in(ory, site)

    assert operation(site, name).json() == {"name": "", "user": "AnonymousUser"}


@pytest.mark.usefixtures("unmapped")
def test_operation_that_asks_for_nothing_leaves_the_sign_in_of_others(site: UsersSite, ory: Any) -> None:
    alice(site)

    assert operation(site, "operation-not-asked").json()["name"] == "alice"


def test_operation_sees_the_mapped_user(site: UsersSite, ory: Any) -> None:
    identity = sign_in(ory, site)

    assert operation(site).json()["name"] == identity.id


@pytest.fixture
def boss(settings: Any) -> None:
    """A middleware that makes everybody the same user."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.contrib_admin.middlewares.BossMiddleware"]
    User.objects.create(username="boss")


@pytest.mark.usefixtures("boss")
@pytest.mark.parametrize("name", ["operation", "operation-in-the-event-loop"])
def test_operation_sees_the_mapped_user_whomever_a_middleware_puts_there(site: UsersSite, ory: Any, name: str) -> None:
    identity = sign_in(ory, site)

    assert operation(site, name).json()["name"] == identity.id


@pytest.mark.usefixtures("boss")
def test_view_sees_the_mapped_user_whomever_a_middleware_puts_there(site: UsersSite, ory: Any) -> None:
    identity = sign_in(ory, site)

    assert get(site, "ory-first").json() == {"name": identity.id}
    assert get(site, "level-alone").json() == {"name": identity.id}
    assert told(get(site, "session-first")) == (403, "forbidden", "other_sign_in")


def test_disabled_user_is_forbidden_by_an_operation(site: UsersSite, ory: Any) -> None:
    disable(site, ory)

    assert told(operation(site)) == (403, "forbidden", "no_user")
    assert operation(site, api="bare").status_code == 403
    # Nothing was asked for.
    assert operation(site, "operation-not-asked").json()["name"] == ""
