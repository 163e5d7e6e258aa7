"""Views of Django that a site or a theme replaces in the admin of users: nobody knows what they do."""

from __future__ import annotations

from functools import wraps
from types import MethodType
from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.forms import ModelForm
from django.http import HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from django_ory_mfa.contrib.admin.own_code import is_own
from django_ory_mfa.management.report.rows import rows
from tests.contrib_admin.people import STALE, UsersSite, is_refresh, staff
from tests.contrib_admin.rights_sites import site_of
from tests.contrib_admin.shop.models import Customer

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
PLACES = {"changelist": "", "history": "{pk}/history/", "add": "add/", "change": "{pk}/change/"}


def promoting(view: Any) -> Any:
    """The same view, a method or a function, which makes everybody a superuser if it is sent a word."""

    @wraps(view)
    def promote(*args: Any, **kwargs: Any) -> Any:
        request = next(one for one in args if hasattr(one, "POST"))
        if "promote" not in request.POST:
            return view(*args, **kwargs)
        User.objects.update(is_superuser=True)
        return HttpResponse("promoted")

    return promote


class Named(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Django's views, and nothing in its forms that gives rights."""

    fieldsets = ((None, {"fields": ("first_name",)}),)
    add_fieldsets = fieldsets
    filter_horizontal = ()


class Form(Named):
    """The form of both views."""

    def changeform_view(
        self, request: Any, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        return promoting(super().changeform_view)(request, object_id, form_url, extra_context)


class Each(Named):
    """Each view, by a decorator that gives it the names of Django's."""

    changelist_view = promoting(UserAdmin.changelist_view)
    history_view = promoting(UserAdmin.history_view)
    add_view = promoting(UserAdmin.add_view)
    change_view = promoting(UserAdmin.change_view)


class Decorated(Named):
    """The same by Django's own way to decorate methods, which leaves no trace of the decorator."""

    changelist_view = method_decorator(promoting)(UserAdmin.changelist_view)
    history_view = method_decorator(promoting)(UserAdmin.history_view)
    add_view = method_decorator(promoting)(UserAdmin.add_view)
    change_view = method_decorator(promoting)(UserAdmin.change_view)


class OnObject(Named):
    """The same on the object, as a method of it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for name in ("changelist_view", "history_view", "add_view", "change_view"):
            setattr(self, name, MethodType(promoting(getattr(UserAdmin, name)), self))


class InRoutes(Named):
    """The views of Django, with a decorator around each in the routes, and one with a decorator of Django's."""

    def get_urls(self) -> Any:
        ways = {"list/": self.changelist_view, "add/": self.add_view, "<path:object_id>/change/": self.change_view}
        ways["<path:object_id>/history/"] = self.history_view
        return [
            *(path(way, self.admin_site.admin_view(promoting(view))) for way, view in ways.items()),
            path("fresh/", self.admin_site.admin_view(never_cache(self.changelist_view))),
            *super().get_urls(),
        ]


class Declared(Each):
    """It says what its views take."""

    ory_mfa_requirements: ClassVar = dict.fromkeys(PLACES, "aal1")


class InPart(Each):
    """It says so of some of them, and of an action."""

    ory_mfa_requirements: ClassVar = {"changelist": "aal1", "activate": "aal1"}
    actions = ("activate",)

    def activate(self, request: Any, queryset: Any) -> None:
        """Nothing."""


class Inner(Named):
    """What both views of Django call for their form."""

    def _changeform_view(self, request: Any, object_id: Any, form_url: Any, extra_context: Any) -> Any:
        return promoting(super()._changeform_view)(request, object_id, form_url, extra_context)  # type: ignore[misc]


OF_EACH = {name: vars(Each)[name] for name in ("changelist_view", "history_view", "add_view", "change_view")}


class OfCustomers(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        return super().changelist_view(request, extra_context)


CLASSES = (Named, Form, Inner, Each, Decorated, OnObject, InRoutes, Declared, InPart, type("Made", (Named,), OF_EACH))
sites = [site_of(one.__name__.lower(), (User, one), (Customer, OfCustomers)) for one in CLASSES]
sites.append(site_of("registered"))
sites[-1].register(User, Named, **OF_EACH)
urlpatterns = [*(path(f"{one.name}/", one.urls) for one in sites), path("", include("tests.contrib_admin.urls"))]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("form", "add"),
        ("form", "change"),
        ("inner", "add"),
        ("inner", "change"),
        *((name, place) for name in ("each", "decorated", "onobject", "made", "registered") for place in PLACES),
        *(("inroutes", place) for place in ("history", "add", "change")),
    ],
)
def test_view_of_a_site_in_the_place_of_one_of_django_needs_a_fresh_proof_to_change_users(
    ory: Any, site: UsersSite, name: str, place: str
) -> None:
    me = staff(ory, site, "view_user", "change_user", "add_user", age=STALE)
    address = f"/{name}/auth/user/{PLACES[place].format(pk=me.pk)}"
    assert site.get(address).status_code == 200
    assert is_refresh(site.post(address, {"promote": "1"}))
    assert not User.objects.get(pk=me.pk).is_superuser

    ory.login(site, user=me)
    assert site.post(address, {"promote": "1"}).content == b"promoted"
    assert User.objects.get(pk=me.pk).is_superuser


def test_decorator_around_a_view_in_the_routes_is_code_of_the_site(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.post("/inroutes/auth/user/list/", {"promote": "1"}))
    assert site.post("/inroutes/auth/user/fresh/", {"action": "", "index": 0}).status_code == 302


@pytest.mark.parametrize("module", ["djangoql.admin", "shop.admin"])
def test_package_whose_name_begins_as_that_of_django_is_not_django(module: str) -> None:
    made = type("Made", (UserAdmin,), {"__module__": module, "history_view": UserAdmin.history_view})

    assert is_own(made, "history_view")
    assert not is_own(made, "changelist_view")


def test_form_that_is_made_by_a_call_has_code_of_the_site() -> None:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    made: Any = type("Made", (ModelForm,), {"__init__": init})

    assert made.__module__.startswith("django.")
    assert is_own(made, "__init__")


@pytest.mark.parametrize("place", PLACES)
def test_view_of_django_needs_none(ory: Any, site: UsersSite, place: str) -> None:
    me = staff(ory, site, age=STALE)
    address = f"/named/auth/user/{PLACES[place].format(pk=me.pk)}"

    assert not is_refresh(site.post(address, {"first_name": "Ann", "action": ""}))


@pytest.mark.parametrize("place", PLACES)
def test_what_is_declared_for_such_a_view_is_enough(ory: Any, site: UsersSite, place: str) -> None:
    me = staff(ory, site, age=STALE)
    address = f"/declared/auth/user/{PLACES[place].format(pk=me.pk)}"

    assert site.post(address, {"promote": "1"}).content == b"promoted"


def test_what_is_declared_for_one_view_or_an_action_says_nothing_of_another(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, age=STALE)
    data = {"promote": "1", "action": "activate", "_selected_action": [me.pk]}
    assert site.post("/inpart/auth/user/", data).content == b"promoted"

    for place in ("history", "add", "change"):
        assert is_refresh(site.post(f"/inpart/auth/user/{PLACES[place].format(pk=me.pk)}", data))


def test_such_a_view_of_what_holds_no_rights_needs_none(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.post("/named/shop/customer/", {"action": "", "index": 0}).status_code == 302


def test_report_says_that_the_request_decides(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    found = {row.path: [guard.decided_by for guard in row.guards if guard.decided_by] for row in rows()}
    maybe, rights = (f"django_ory_mfa.contrib.admin.rights.{name}" for name in ("may_hold_rights", "form_gives_rights"))

    assert found["/each/auth/user/"] == [maybe]
    assert found["/form/auth/user/add/"] == [rights, maybe]
    assert found["/named/auth/user/"] == found["/declared/auth/user/"] == found["/each/shop/customer/"] == []
