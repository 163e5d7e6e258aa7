"""What the documents say of the admin, against the code."""

from __future__ import annotations

import ast
import importlib
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.test import Client
from django.urls import include, path

from django_ory_mfa.checks.admin import KEYS, messages_of
from django_ory_mfa.contrib.admin.actions import action_names
from django_ory_mfa.contrib.admin.fields import OF_GROUPS, OF_USERS
from django_ory_mfa.contrib.admin.requirements import ALWAYS_SENSITIVE, VIEWS
from tests.contrib_admin.shop.models import Order
from tests.documents import PAGES, blocks, run_block

EmergencyUserMiddleware = run_block("how-to/users", "EmergencyUserMiddleware")["EmergencyUserMiddleware"]


@pytest.mark.parametrize("code", [code for code in blocks("python") if "contrib.admin" in code])
def test_examples_import_what_exists(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


def test_example_of_settings_names_the_app_config() -> None:
    said = run_block("how-to/admin", "contrib.admin.apps.AALAdminConfig")

    assert said["INSTALLED_APPS"][0] in django_settings.INSTALLED_APPS


def test_example_of_a_model_admin_passes_the_checks() -> None:
    site: Any = run_block("how-to/admin", "class SiteAdmin")["SiteAdmin"]()
    site.register(Order, run_block("how-to/admin", "class OrderAdmin")["OrderAdmin"])

    assert list(messages_of(site, action_names)) == []


def test_example_of_a_model_admin_is_that_of_a_list() -> None:
    assert issubclass(run_block("how-to/admin", "class OrderAdmin")["OrderAdmin"], admin.ModelAdmin)


@pytest.mark.parametrize("name", sorted({*KEYS, *OF_USERS, *OF_GROUPS, "delete_selected"}))
def test_page_names_every_key_and_every_right(name: str) -> None:
    assert f"``{name}``" in PAGES["how-to/admin"]


def test_keys_are_those_of_the_views() -> None:
    assert set(KEYS) == set(VIEWS.values())
    assert set(ALWAYS_SENSITIVE) - {"delete_selected"} <= set(KEYS)


@pytest.mark.django_db
def test_plain_admin_has_a_form_of_its_own_in_an_emergency(ory: Any, settings: Any, django_user_model: Any) -> None:
    """As the page on users says of the day on which Ory is out of reach."""

    class Urls:
        urlpatterns = (path("admin/", admin.AdminSite().urls), path("", include("django_ory_mfa.urls")))

    settings.ROOT_URLCONF = Urls
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:-1], f"{__name__}.EmergencyUserMiddleware"]
    settings.AUTHENTICATION_BACKENDS = run_block("how-to/users", "ModelBackend")["AUTHENTICATION_BACKENDS"]
    django_user_model.objects.create_superuser("ann", password="of a superuser")
    ory.fail(503)
    client = Client()
    assert "<form" in client.get("/admin/login/").content.decode()

    client.post("/admin/login/", {"username": "ann", "password": "of a superuser"})

    assert client.get("/admin/").status_code == 200
