"""What the documents say of users, against the code."""

from __future__ import annotations

import ast
import importlib
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.core.management import call_command
from django.dispatch import Signal
from django.test import Client

from django_ory_mfa.contrib.auth import signals
from django_ory_mfa.contrib.auth.sync import UserSync
from tests.contrib_auth.site import UsersSite, sign_in
from tests.contrib_auth.test_syncing import user_of
from tests.documents import blocks, literals, run_block, table
from tests.project.test_docs import imports_of_ours


def test_table_lists_every_signal() -> None:
    sent = {name for name, value in vars(signals).items() if isinstance(value, Signal)}

    assert {name for cell in table("Signal of users") for name in literals(cell)} == sent


def test_table_lists_every_method() -> None:
    methods = {name for name in vars(UserSync) if not name.startswith("_")} - {"managed_groups"}
    listed = [name for cell in table("Method of a ``UserSync``") for name in literals(cell)]

    assert {name.partition("(")[0] for name in listed} == methods


def test_reasons_are_those_of_the_table() -> None:
    (said,) = table("Signal of users")["``user_refused``"]

    assert {"conflict", "email_unverified", "not_linked", "inactive"} <= set(literals(said))


@pytest.mark.parametrize("code", [code for code in blocks("python") if "contrib.auth" in code])
def test_examples_import_what_exists(code: str) -> None:
    for node in imports_of_ours(ast.parse(code)):
        module = importlib.import_module(str(node.module))
        assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_example_of_settings_passes_the_checks(settings: Any) -> None:
    said = run_block("how-to/users", "LOGIN_URL =")
    assert set(said["INSTALLED_APPS"]) <= set(django_settings.INSTALLED_APPS)
    for name in ("MIDDLEWARE", "AUTHENTICATION_BACKENDS", "LOGIN_URL"):
        setattr(settings, name, said[name])

    assert [message for message in run_checks() if str(message.id).startswith(("ory_mfa.", "auth."))] == []


@pytest.mark.django_db
def test_example_of_a_sync_copies_what_it_says(ory: Any, site: UsersSite, settings: Any) -> None:
    settings.ORY_MFA_USER_SYNC = f"{__name__}.ShopSync"
    for name in ("editors", "staff"):
        Group.objects.create(name=name)
    sign_in(ory, site, traits={"name": "Ann"}, metadata_public={"roles": ["editors", "staff"], "staff": True})

    user = user_of(site)

    assert (user.first_name, user.is_staff, [group.name for group in user.groups.all()]) == ("Ann", True, ["editors"])


@pytest.mark.django_db
def test_first_superuser_gets_the_rights_once(ory: Any, site: UsersSite) -> None:
    identity = sign_in(ory, site)
    assert not user_of(site).is_superuser

    run_block("how-to/users", "def make_superuser")["make_superuser"](identity.id)

    assert (user_of(site).is_staff, user_of(site).is_superuser) == (True, True)


EmergencyUserMiddleware = run_block("how-to/users", "EmergencyUserMiddleware")["EmergencyUserMiddleware"]


class Emergency:
    """A site with the login page of the documents."""

    def __init__(self) -> None:
        from django.contrib.auth.decorators import login_required
        from django.http import HttpResponse
        from django.urls import include, path

        from django_ory_mfa.decorators import aal_required

        def reports(request: Any) -> HttpResponse:
            return HttpResponse(request.user.get_username())

        self.urlpatterns = (
            *run_block("how-to/users", "LoginView")["urlpatterns"],
            path("reports/", login_required(reports)),
            path("guarded/", aal_required("aal1")(reports)),
            path("", include("django_ory_mfa.urls")),
        )


@pytest.fixture
def emergency(ory: Any, settings: Any, django_user_model: Any) -> Client:
    """A browser of ann's at a site that is as the documents say, while Ory is out of reach."""
    settings.ROOT_URLCONF = Emergency()
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.EmergencyUserMiddleware"]
    settings.AUTHENTICATION_BACKENDS = run_block("how-to/users", "ModelBackend")["AUTHENTICATION_BACKENDS"]
    django_user_model.objects.create_user("ann", password="of a superuser")
    ory.fail(503)
    return Client()


def log_in(client: Client) -> Any:
    return client.post("/emergency/?next=/reports/", {"username": "ann", "password": "of a superuser"})


@pytest.mark.django_db
def test_django_login_counts_in_an_emergency(emergency: Client) -> None:
    assert "/self-service/login/" in emergency.get(emergency.get("/reports/").headers["Location"]).headers["Location"]

    done = log_in(emergency)

    assert (done.status_code, done.headers["Location"]) == (302, "/reports/")
    assert emergency.get("/reports/").content == b"ann"
    assert "/self-service/login/" in emergency.get("/guarded/").headers["Location"]


@pytest.mark.django_db
def test_django_login_does_not_count_beside_a_cookie_of_ory(ory: Any, emergency: Client) -> None:
    emergency.cookies[ory.cookie_name] = "of some session"

    log_in(emergency)

    assert emergency.get("/reports/").status_code == 302


@pytest.mark.django_db
def test_page_that_wants_a_permission_is_closed_in_an_outage(
    ory: Any, site: UsersSite, settings: Any, django_user_model: Any
) -> None:
    """As the page on outages says: 403 where ``permission_required`` raises, and the page of an outage elsewhere."""
    from django.contrib.auth.decorators import permission_required
    from django.http import HttpResponse
    from django.urls import include, path

    class Urls:
        urlpatterns = (
            path(
                "raising/", permission_required("auth.view_user", raise_exception=True)(lambda request: HttpResponse())
            ),
            path("leading/", permission_required("auth.view_user")(lambda request: HttpResponse())),
            path("", include("django_ory_mfa.urls")),
        )

    settings.ROOT_URLCONF = Urls
    sign_in(ory, site)
    site.get("/raising/")
    django_user_model.objects.update(is_superuser=True)
    assert site.get("/raising/").status_code == 200
    ory.fail(503)

    assert site.get("/raising/").status_code == 403
    assert site.get(site.get("/leading/").headers["Location"]).status_code == 503


class Editors:
    """The site that the examples of tests speak of."""

    def __init__(self) -> None:
        from django.http import HttpResponse
        from django.urls import include, path

        from django_ory_mfa.decorators import aal_required

        self.view = aal_required("aal2")(lambda request: HttpResponse(request.user.get_username()))
        self.urlpatterns = (path("editors/", self.view), path("", include("django_ory_mfa.urls")))


EXAMPLES = run_block("how-to/test-your-site", "assert_denied(")
ShopSync = run_block("how-to/users", "class ShopSync")["ShopSync"]
CustomerSync = run_block("how-to/users", "class CustomerSync")["CustomerSync"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("test_")])
def test_examples_of_tests_pass(ory: Any, rf: Any, django_user_model: Any, settings: Any, name: str) -> None:
    site = Editors()
    settings.ROOT_URLCONF = site
    EXAMPLES["editors"] = site.view
    given = {"client": Client(), "ory": ory, "rf": rf, "django_user_model": django_user_model}
    example = EXAMPLES[name]

    example(**{argument: given[argument] for argument in example.__code__.co_varnames[: example.__code__.co_argcount]})


FromOryAuth = run_block("how-to/migrate-from-django-ory-auth", "class FromOryAuth")["FromOryAuth"]


@pytest.mark.django_db
def test_user_of_another_package_is_found_by_the_id_of_the_identity(
    ory: Any, site: UsersSite, settings: Any, django_user_model: Any
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{__name__}.FromOryAuth"
    identity = sign_in(ory, site)
    before = django_user_model.objects.create_user(identity.id)

    assert user_of(site) == before
    assert django_user_model.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("organization", "groups"), [("00000000-0000-0000-0000-000000000001", ["acme"]), (None, [])])
def test_example_of_an_organization_gives_its_group(
    ory: Any, site: UsersSite, settings: Any, organization: str | None, groups: list[str]
) -> None:
    settings.ORY_MFA_USER_SYNC = f"{__name__}.CustomerSync"
    Group.objects.create(name="acme")
    sign_in(ory, site, organization_id=organization)

    assert [group.name for group in user_of(site).groups.all()] == groups


@pytest.mark.django_db
def test_identity_that_got_a_second_user_gets_back_the_first(ory: Any, site: UsersSite, django_user_model: Any) -> None:
    first = django_user_model.objects.create_user("ann")
    identity = sign_in(ory, site)
    assert site.me()["pk"] != str(first.pk)

    run_block("how-to/users", "def unlink")["unlink"](identity.id)
    call_command("ory_mfa", "users", "link", "--user", "ann", "--identity", identity.id, stdout=StringIO())

    assert site.me()["pk"] == str(first.pk)
