"""What the checks say of an admin behind Ory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import wraps
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.core.checks import run_checks

from django_ory_mfa.checks.admin import E030, E032, W030, odd_requirement, open_site, replaced_site, unread_attribute
from django_ory_mfa.contrib.admin.apps import AALAdminConfig
from django_ory_mfa.contrib.admin.sites import AALAdminSite, AALAdminSiteMixin
from django_ory_mfa.core.requirement import Requirement
from tests.contrib_admin.rights_sites import hiring
from tests.contrib_admin.shop.models import Customer, Order


def said_of(**attributes: Any) -> list[Any]:
    """The checks of a site whose admin of customers has ``attributes``."""
    site = AALAdminSite(name="checked")
    site.register(Customer, type("CustomerAdmin", (admin.ModelAdmin,), attributes))
    return site.check(None)


def test_site_that_the_urls_make_does_not_stop_the_checks(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.contrib_admin.late_site_urls"

    for site in all_sites:
        site.check(None)

    assert "tests.contrib_admin.late_site_urls" not in sys.modules
    assert found() == []


def found() -> list[Any]:
    return [message for message in run_checks() if not str(message.id).startswith("security.")]


@pytest.fixture(autouse=True)
def sites_of_this_test() -> Iterator[None]:
    """Django remembers every admin site until it is collected; the checks look at all of them."""
    before = set(all_sites)
    yield
    all_sites.clear()
    all_sites.update(before)


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

    assert found() == [W030]


@pytest.mark.parametrize("url", ["plain:login", "https://example.com/", "/nowhere/", "no:where"])
def test_other_login_urls_are_in_order(settings: Any, url: str) -> None:
    settings.LOGIN_URL = url

    assert W030 not in found()


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


def test_users_of_another_sign_in_are_an_error(settings: Any) -> None:
    ours = "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware"
    settings.MIDDLEWARE = [entry for entry in settings.MIDDLEWARE if entry != ours]

    assert admin.site.check(None) == [E032]


# Sites that something else has put in the place of ours.


def config() -> Any:
    return apps.get_app_config("admin")


@pytest.fixture
def theme(monkeypatch: pytest.MonkeyPatch) -> admin.AdminSite:
    """A theme that replaces ``admin.site``, as django-unfold does."""
    plain = admin.AdminSite(name="theme")
    monkeypatch.setattr(admin, "site", plain)
    return plain


def test_plain_site_in_place_of_ours_is_an_error(theme: admin.AdminSite) -> None:
    (message,) = found()

    assert message == replaced_site(config(), theme)
    assert "AALAdminConfig is in INSTALLED_APPS, and admin.site is of the class AdminSite" in message.msg
    assert "unfold.apps.BasicAppConfig" in message.hint


def test_site_of_a_theme_with_the_mixin_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "site", type("Theme", (AALAdminSite,), {})(name="theme"))

    assert found() == []


class Theme(admin.AdminSite):
    """A theme whose pages everybody may see."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        return view


class LeftOfTheTheme(AALAdminSiteMixin):
    """Where a site has its own things."""


class Open(AALAdminSite):
    """It leaves the guard out."""

    admin_view = Theme.admin_view


class Logging(AALAdminSite):
    """It does something around each page."""

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        inner = super().admin_view(view, cacheable)
        return wraps(inner)(lambda *args, **kwargs: inner(*args, **kwargs))


@pytest.mark.parametrize(
    ("bases", "attributes"),
    [
        ((admin.AdminSite, AALAdminSiteMixin), {}),
        ((admin.AdminSite, LeftOfTheTheme), {}),
        ((Theme, LeftOfTheTheme), {}),
        ((AALAdminSite,), {"admin_view": admin.AdminSite.admin_view}),
    ],
)
def test_mixin_right_of_the_site_class_is_refused(bases: Any, attributes: Any) -> None:
    """There the admin would be open to everybody on the staff, and look guarded."""
    with pytest.raises(TypeError, match="SiteAdmin: put AALAdminSiteMixin left of the site class"):
        type("SiteAdmin", bases, attributes)


class Wrapped:
    """It looks like Django's, and calls what is right of it."""

    @wraps(admin.AdminSite.admin_view)
    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of Django
        return super().admin_view(view, cacheable)  # type: ignore[misc]  # the site class stands to the right


@pytest.mark.parametrize(
    "bases",
    [(Wrapped, AALAdminSite), (AALAdminSiteMixin, Theme), (LeftOfTheTheme, Theme), (AALAdminSite, Theme), (Logging,)],
)
def test_site_whose_pages_pass_the_mixin_is_in_order(monkeypatch: pytest.MonkeyPatch, bases: Any) -> None:
    monkeypatch.setattr(admin, "site", type("SiteAdmin", bases, {})(name="theme"))

    assert found() == []


def test_site_that_leaves_the_guard_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "site", Open(name="open"))

    assert found() == [replaced_site(config(), admin.site)]


def test_every_site_that_leaves_the_guard_out_is_an_error() -> None:
    second, first = Open(name="second"), Open(name="first")

    messages = found()

    assert messages == [open_site(first), open_site(second)]
    assert "The admin site 'first' is of the class Open, which has AALAdminSiteMixin" in messages[0].msg


@pytest.mark.usefixtures("theme")
def test_plain_admin_may_have_a_plain_site(settings: Any) -> None:
    assert isinstance(config(), AALAdminConfig)
    plain = "django.contrib.admin"
    settings.INSTALLED_APPS = [plain if app.endswith(".AALAdminConfig") else app for app in settings.INSTALLED_APPS]

    assert [message.id for message in found()] == []


# What nothing reads.


def said_of_site(site: admin.AdminSite, **attributes: Any) -> tuple[Any, list[Any]]:
    model_admin = type("CustomerAdmin", (admin.ModelAdmin,), {"__module__": "shop.admin", **attributes})
    site.register(Customer, model_admin)
    return model_admin, found()


@pytest.mark.parametrize("site_class", [AALAdminSite, admin.AdminSite])
@pytest.mark.parametrize("name", ["ory_mfa_requirements", "required_aal"])
def test_requirement_of_an_inline_is_an_error(site_class: Any, name: str) -> None:
    value: Any = "aal2" if name == "required_aal" else {"delete": "sensitive"}
    inline = type("Orders", (admin.TabularInline,), {"__module__": "shop.admin", "model": Order, name: value})
    site = site_class(name="checked")

    _, messages = said_of_site(site, inlines=(inline,))

    assert messages == [unread_attribute(inline, name)]
    assert messages[0].msg == f"shop.admin.Orders has {name}, which nothing reads there."


def test_requirement_of_an_inline_in_rows_is_an_error() -> None:
    declared: Any = {"delete": "sensitive"}
    nested = type("Gifts", (admin.TabularInline,), {"model": Customer, "ory_mfa_requirements": declared})
    rows: Any = type("Orders", (admin.TabularInline,), {"model": Order})
    rows.inlines = (nested, rows)

    _, messages = said_of_site(AALAdminSite(name="checked"), inlines=(rows,))

    assert messages == [unread_attribute(nested, "ory_mfa_requirements")]


def test_requirements_of_a_model_admin_of_a_plain_site_are_an_error() -> None:
    site = admin.AdminSite(name="checked")

    model_admin, messages = said_of_site(site, ory_mfa_requirements={"delete": "sensitive"})

    assert messages == [unread_attribute(model_admin, "ory_mfa_requirements")]


def test_model_admin_that_a_guarded_site_has_too_is_in_order() -> None:
    plain, guarded = admin.AdminSite(name="checked"), AALAdminSite(name="guarded")

    model_admin, _ = said_of_site(plain, ory_mfa_requirements={"delete": "sensitive"})
    guarded.register(Customer, model_admin)

    assert found() == []


@pytest.mark.parametrize("site_class", [AALAdminSite, admin.AdminSite])
def test_level_of_a_model_admin_is_an_error(site_class: Any) -> None:
    site = site_class(name="checked")

    model_admin, messages = said_of_site(site, required_aal="aal2")

    assert messages == [unread_attribute(model_admin, "required_aal")]


def test_what_nobody_reads_is_named_once_and_in_order() -> None:
    first, second = AALAdminSite(name="first"), admin.AdminSite(name="second")
    names = {"ory_mfa_requirements": {"delete": "sensitive"}, "required_aal": "aal2"}
    inline = type("Orders", (admin.TabularInline,), {"__module__": "shop.admin", "model": Order, **names})

    model_admin, _ = said_of_site(first, inlines=(inline, inline))
    second.register(Customer, model_admin)

    assert found() == [unread_attribute(inline, "ory_mfa_requirements"), unread_attribute(inline, "required_aal")]
