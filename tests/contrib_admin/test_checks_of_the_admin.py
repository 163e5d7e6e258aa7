"""What the checks say of an admin behind Ory."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.core.checks import run_checks

from django_ory_mfa.checks.admin import E030, W030, odd_requirement
from django_ory_mfa.contrib.admin.sites import AALAdminSite
from django_ory_mfa.core.requirement import Requirement
from tests.contrib_admin.rights_sites import hiring
from tests.contrib_admin.shop.models import Customer


def said_of(**attributes: Any) -> list[Any]:
    """The checks of a site whose admin of customers has ``attributes``."""
    site = AALAdminSite(name="checked")
    site.register(Customer, type("CustomerAdmin", (admin.ModelAdmin,), attributes))
    return site.check(None)


def found() -> list[Any]:
    return [message for message in run_checks() if not str(message.id).startswith("security.")]


@pytest.fixture(autouse=True)
def policies(settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {"by key": {"aal": "aal2", "methods": ["webauthn"]}}


def test_site_in_order_gives_no_messages() -> None:
    assert found() == []


def test_missing_users_are_an_error(settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_ory_mfa.contrib.auth"]

    assert E030 in said_of()
    assert "django_ory_mfa.contrib.auth" in str(E030.hint)


def test_login_url_of_the_admin_is_a_warning(settings: Any) -> None:
    settings.LOGIN_URL = "admin:login"

    assert W030 in admin.site.check(None)


@pytest.mark.parametrize("url", ["plain:login", "https://example.com/", "/nowhere/", "no:where"])
def test_other_login_urls_are_in_order(settings: Any, url: str) -> None:
    settings.LOGIN_URL = url

    assert W030 not in admin.site.check(None)


@pytest.mark.parametrize("key", ["remove", "delete_view", "refund_selected", 1, ""])
def test_unknown_key_is_an_error(key: Any) -> None:
    (message,) = said_of(ory_mfa_requirements={key: "sensitive"})

    assert message.id == "ory_mfa.E031"
    assert f"CustomerAdmin.ory_mfa_requirements has the key {key!r}" in message.msg
    assert "changelist" in message.hint


@pytest.mark.parametrize("value", ["aal3", "secret", None, 600, {"aal": "aal2"}, "by keys"])
def test_unknown_value_is_an_error(value: Any) -> None:
    (message,) = said_of(ory_mfa_requirements={"delete": value})

    assert message.id == "ory_mfa.E031"
    assert f"has the value {value!r}" in message.msg


@pytest.mark.parametrize("declared", ["delete", 1, [("delete",)]])
def test_requirements_that_are_no_dict_are_an_error(declared: Any) -> None:
    (message,) = said_of(ory_mfa_requirements=declared)

    assert message.msg == "CustomerAdmin.ory_mfa_requirements is no dict."


@pytest.mark.parametrize("value", ["sensitive", "aal1", "aal2", "highest_available", "by key", Requirement("aal2")])
def test_every_key_and_value_that_is_known_is_in_order(value: Any) -> None:
    keys = ("add", "change", "changelist", "delete", "history", "password", "delete_selected", "mine")

    def mine(self: Any, request: Any, queryset: Any) -> None:
        """An action."""

    assert said_of(actions=["mine"], mine=mine, ory_mfa_requirements=dict.fromkeys(keys, value)) == []


def test_views_and_buttons_that_a_model_admin_adds_are_keys() -> None:
    assert hiring.check(None) == []


@pytest.mark.parametrize("key", ["get_urls", "change_view", "save_model"])
def test_method_that_is_no_view_of_its_own_is_no_key(key: str) -> None:
    assert [message.id for message in said_of(ory_mfa_requirements={key: "sensitive"})] == ["ory_mfa.E031"]


def test_policies_that_make_no_sense_are_reported_once(settings: Any) -> None:
    settings.ORY_MFA_POLICIES = 1

    assert said_of(ory_mfa_requirements={"delete": "by key"}) == []


class OddSite(AALAdminSite):
    required_aal = "aal3"
    sensitive: ClassVar = None  # type: ignore[assignment,misc]


def test_site_that_asks_for_nonsense_is_an_error() -> None:
    site = OddSite(name="odd")

    assert site.check(None) == [
        odd_requirement(site, "required_aal", "is 'aal3', which is no requirement"),
        odd_requirement(site, "sensitive", "is None, which is no requirement"),
    ]
