"""Views and actions that a site or a package adds to the admin of users: nobody knows what they do."""

from __future__ import annotations

from functools import partial, partialmethod
from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.urls import include, path
from django.views import View

from django_ory_mfa.contrib.admin.sites import AALAdminSite
from tests.contrib_admin.people import STALE, UsersSite, is_refresh, may, staff
from tests.contrib_admin.rights_sites import site_of
from tests.contrib_admin.shop.models import Customer, Order

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Views:
    """Views as packages for versions and imports add them."""

    def revert(self, request: Any) -> HttpResponse:
        if request.method == "POST":
            User.objects.update(is_superuser=True)
        return HttpResponse("reverted")

    def export(self, request: Any) -> HttpResponse:
        return HttpResponse("exported")

    def all_but_get(self, request: Any) -> HttpResponse:
        if request.method != "GET":
            User.objects.update(is_superuser=True)
        return HttpResponse("done")

    def promote(self, request: Any) -> HttpResponse:
        return HttpResponse("promoted")

    def get_urls(self: Any) -> Any:
        views = (self.revert, self.export, self.promote, self.all_but_get)
        ways = [path(f"{view.__name__}/", self.admin_site.admin_view(view)) for view in views]
        form = path("<path:object_id>/form/", self.admin_site.admin_view(self.changeform_view))
        return [*ways, form, *super().get_urls()]  # type: ignore[misc]  # the model admin stands to the right


class Declared(Views, UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It says what its views and actions take."""

    actions = ("make_staff",)
    actions_detail: ClassVar = ("promote",)
    ory_mfa_requirements: ClassVar = dict.fromkeys(("revert", "export", "promote", "make_staff"), "aal1")

    def make_staff(self, request: Any, queryset: Any) -> None:
        queryset.update(is_staff=True)


class Undeclared(Declared):
    ory_mfa_requirements: ClassVar = {"export": "sensitive"}


class Groups(Views, GroupAdmin):
    pass


class Customers(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Deletes by ways of its own, each with something more for the template."""

    remove = partialmethod(admin.ModelAdmin.delete_view, extra_context={})
    wipe = admin.ModelAdmin.delete_view

    def quiet(self, request: Any) -> HttpResponse:
        return HttpResponse("quiet")

    def get_urls(self) -> Any:
        ways: Any = {"partly": partial(self.delete_view, extra_context={}), "remove": self.remove, "wipe": self.wipe}
        ways["function"] = partial(type(self).delete_view, self)
        return [
            *(path(f"<path:object_id>/{way}/", self.admin_site.admin_view(view)) for way, view in ways.items()),
            path("quiet/", self.admin_site.admin_view(self.quiet)),
            *super().get_urls(),
        ]


class Restore(View):
    model_admin: Any = None

    def post(self, request: Any) -> HttpResponse:
        return HttpResponse("restored")


def restore(request: Any) -> HttpResponse:
    return HttpResponse("restored")


def restore_by(model_admin: Any, request: Any) -> HttpResponse:
    return restore(request)


class Unbound(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its views are no methods of it."""

    def unbound(self, request: Any) -> HttpResponse:
        return restore(request)

    @staticmethod
    def static(request: Any) -> HttpResponse:
        return restore(request)

    @classmethod
    def of_class(cls, request: Any) -> HttpResponse:
        return restore(request)

    def get_urls(self) -> Any:
        views: dict[str, Any] = {
            "by_class": Restore.as_view(model_admin=self),
            "function": restore,
            "partly": partial(restore_by, self),
            "unbound": partial(Unbound.unbound, self),
            "static": self.static,
            "of_class": self.of_class,
            "anonymous": lambda request: restore(request),
        }
        ways = [path(f"{way}/", self.admin_site.admin_view(view), name=way) for way, view in views.items()]
        return [path("more/", include(ways)), *super().get_urls()]


WAYS = ("by_class", "function", "partly", "unbound", "static", "of_class", "anonymous")


class UnboundDeclared(Unbound):
    ory_mfa_requirements: ClassVar = dict.fromkeys(
        ("Restore", "restore", "restore_by", "unbound", "static", "of_class", "anonymous"), "aal1"
    )


class OfUsers(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """The address of its view names users, too."""

    def get_urls(self) -> Any:
        return [path("auth/user/restore/", self.admin_site.admin_view(restore)), *super().get_urls()]


class CalledAsAKey(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """A view of its own with the name of a key, which means Django's view."""

    ory_mfa_requirements: ClassVar = {"change": "aal1"}

    def get_urls(self) -> Any:
        return [path("restore/", self.admin_site.admin_view(restore), name="change"), *super().get_urls()]


class Shown(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its columns are called as what a theme reads, and it has a group of no actions."""

    list_display = ("name", "actions_row", "actions_list")
    actions_detail: ClassVar = ({"title": "More"}, {"title": "None", "items": None})
    actions_submit_line = None

    def actions_row(self, obj: Any) -> str:
        return "row"

    actions_list = actions_row


class Members(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = User


class Orders(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    """Rows with users in them, as themes show them."""

    model = Order
    inlines = (Members,)


class WithOrders(Customers):
    inlines = (Orders,)


class Accounts(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its rows are shown only once the object is there, as those of users are in many sites."""

    def get_inline_instances(self, request: Any, obj: Any = None) -> Any:
        return [] if obj is None else [Orders(self.model, self.admin_site)]

    def touch(self, request: Any, object_id: str) -> HttpResponse:
        return HttpResponse(f"touched {object_id}")

    def mark(self, request: Any, pk: int) -> HttpResponse:
        return HttpResponse(f"marked {pk}")

    def get_urls(self) -> Any:
        ways = [path("<path:object_id>/touch/", self.admin_site.admin_view(self.touch))]
        ways += [path("<int:pk>/mark/", self.admin_site.admin_view(self.mark))]
        return [*ways, *super().get_urls()]


class Borrowing(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """A view of another model admin stands among its own."""

    def get_urls(self) -> Any:
        lent = Customers(Customer, self.admin_site)
        return [path("lent/", self.admin_site.admin_view(lent.quiet)), *super().get_urls()]


class Archive(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It shows its list at a second address, as many sites do."""

    actions = ("refund",)
    list_display = ("pk", "name")
    list_editable = ("name",)
    ory_mfa_requirements: ClassVar = {"refund": "sensitive", "change": "sensitive"}

    def refund(self, request: Any, queryset: Any) -> None:
        queryset.update(name="refunded")

    def archive(self, request: Any) -> Any:
        return self.changelist_view(request, {"title": "Archive"})

    def get_urls(self) -> Any:
        return [path("archive/", self.admin_site.admin_view(self.archive)), *super().get_urls()]


CONSTANT = HttpResponse("the same for everybody")


class WithListOfItsOwn(AALAdminSite):
    """A view of the site itself shows the list of a model admin."""

    def everything(self, request: Any) -> Any:
        return self._registry[Customer].changelist_view(request)

    def get_urls(self) -> Any:
        constant = self.admin_view(lambda request: CONSTANT)
        return [
            path("everything/", self.admin_view(self.everything)),
            path("constant/", constant),
            *super().get_urls(),
        ]


class EditableUsers(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    list_display = ("username", "is_superuser")
    list_editable = ("is_superuser",)


class Companies(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It shows the list of another model admin."""

    def members(self, request: Any) -> Any:
        return self.admin_site._registry[User].changelist_view(request)

    def get_urls(self) -> Any:
        return [path("members/", self.admin_site.admin_view(self.members)), *super().get_urls()]


archive = WithListOfItsOwn(name="archive")
archive.register(Customer, Archive)
archive.register(User, EditableUsers)
archive.register(Order, Companies)
undeclared = site_of("undeclared", (User, Undeclared), (Customer, Customers))
declared = site_of("declared", (User, Declared))
members = site_of("members", (Group, Groups), (Customer, WithOrders))
unbound = site_of("unbound", (User, Unbound))
unbound_declared = site_of("unbound_declared", (User, UnboundDeclared))
shown = site_of("shown_columns", (Customer, Shown))
accounts = site_of("accounts", (Customer, Accounts))
borrowing = site_of("borrowing", (User, Borrowing))
of_users = site_of("of_users", (Customer, OfUsers), (User, CalledAsAKey))
urlpatterns = [
    *(
        path(f"{site.name}/", site.urls)
        for site in (undeclared, declared, members, shown, accounts, borrowing, unbound, unbound_declared, of_users)
    ),
    path("archive/", archive.urls),
    path("", include("tests.contrib_admin.urls")),
]


def test_view_that_nothing_is_declared_for_needs_a_fresh_proof_to_change_users(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_user", age=STALE)
    assert site.get("/undeclared/auth/user/revert/").status_code == 200
    assert is_refresh(site.post("/undeclared/auth/user/revert/"))
    assert not User.objects.get(pk=me.pk).is_superuser

    ory.login(site, user=me)
    assert site.post("/undeclared/auth/user/revert/").status_code == 200
    assert User.objects.get(pk=me.pk).is_superuser


ASK = {"action": "delete_selected", "index": "0", "select_across": "0"}
ROWS = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-name": "Zoo", "_save": "Save"}


@pytest.mark.parametrize("url", ["/archive/shop/customer/archive/", "/archive/everything/"])
@pytest.mark.parametrize(
    "form",
    [
        {**ASK, "post": "yes"},
        ASK,
        {**ASK, "action": "refund"},
        ROWS,
    ],
    ids=["delete", "ask", "action", "rows"],
)
def test_list_at_another_address_asks_for_what_the_list_asks_for(
    ory: Any, site: UsersSite, url: str, form: dict[str, str]
) -> None:
    customer = Customer.objects.create(name="Museum")
    sent = {**form, "_selected_action": str(customer.pk), "form-0-id": str(customer.pk)}
    if form is ROWS:
        del sent["_selected_action"]
    me = staff(ory, site, age=STALE)

    assert site.get(url).status_code == 200
    assert site.post(url, {"_selected_action": str(customer.pk), "action": ""}).status_code in (200, 302)
    assert is_refresh(site.post(url, sent))
    assert Customer.objects.get(pk=customer.pk).name == "Museum"

    ory.login(site, user=me)
    assert not is_refresh(site.post(url, sent))
    # Django asks once more before it deletes.
    assert Customer.objects.filter(name="Museum").exists() is (form == ASK)


def test_list_of_users_in_a_view_of_another_model_admin_gives_no_rights_without_a_fresh_proof(
    ory: Any, site: UsersSite
) -> None:
    staff(ory, site, age=STALE)
    bob = User.objects.create(username="bob")
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(bob.pk), "form-0-is_superuser": "on"}

    refused = site.post("/archive/shop/order/members/?q=bob", {**rows, "_save": "Save"})

    assert (is_refresh(refused), User.objects.get(pk=bob.pk).is_superuser) == (True, False)


def test_response_that_a_view_returns_to_everybody_is_marked_for_nobody(ory: Any, site: UsersSite) -> None:
    staff(ory, site)

    response = site.get("/archive/constant/?_popup=1")

    assert (response.status_code, response.content, set(response.cookies)) == (200, CONSTANT.content, {"ory_mfa_admin"})
    assert (set(CONSTANT.cookies), "Cross-Origin-Opener-Policy" in CONSTANT.headers) == (set(), False)


def test_view_of_groups_is_one_of_rights_too(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.post("/members/auth/group/revert/"))


def test_view_beside_rows_with_rights_is_one_of_rights_too(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/members/shop/customer/quiet/").status_code == 200
    assert is_refresh(site.post("/members/shop/customer/quiet/"))


def test_view_beside_rows_that_only_an_object_has_is_one_of_rights_too(ory: Any, site: UsersSite) -> None:
    customer = Customer.objects.create(name="Museum")
    staff(ory, site, age=STALE)

    assert site.get(f"/accounts/shop/customer/{customer.pk}/touch/").status_code == 200
    assert is_refresh(site.post(f"/accounts/shop/customer/{customer.pk}/touch/"))
    assert site.post("/accounts/shop/customer/404/touch/").status_code == 200
    assert is_refresh(site.post(f"/accounts/shop/customer/{customer.pk}/mark/"))
    assert site.post("/accounts/shop/customer/404/mark/").status_code == 200


def test_view_of_another_model_admin_among_those_of_users_is_one_of_rights_too(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/borrowing/auth/user/lent/").status_code == 200
    assert is_refresh(site.post("/borrowing/auth/user/lent/"))


def test_view_of_what_holds_no_rights_is_not(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.post("/undeclared/shop/customer/quiet/").status_code == 200


def test_action_behind_a_link_needs_one_at_once(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, age=STALE)
    assert is_refresh(site.get("/undeclared/auth/user/promote/"))

    ory.login(site, user=me)
    assert site.get("/undeclared/auth/user/promote/").status_code == 200


def test_action_that_nothing_is_declared_for_needs_a_fresh_proof(ory: Any, site: UsersSite) -> None:
    me, eve = staff(ory, site, age=STALE), User.objects.create(username="eve")
    data = {"action": "make_staff", "_selected_action": [eve.pk], "index": 0}
    assert is_refresh(site.post("/undeclared/auth/user/?username=eve", data))
    assert not User.objects.get(pk=eve.pk).is_staff

    ory.login(site, user=me)
    assert site.post("/undeclared/auth/user/?username=eve", data).status_code == 302
    assert User.objects.get(pk=eve.pk).is_staff


def test_no_action_needs_none(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.post("/undeclared/auth/user/", {"action": "", "index": 0}).status_code == 302


def test_what_is_declared_is_enough(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_user", "change_user", age=STALE)
    eve = User.objects.create(username="eve")
    data = {"action": "make_staff", "_selected_action": [eve.pk], "index": 0}

    assert site.post("/declared/auth/user/?username=eve", data).status_code == 302
    for view in ("revert", "export", "promote"):
        assert site.get(f"/declared/auth/user/{view}/").status_code == 200
        assert site.post(f"/declared/auth/user/{view}/").status_code == 200


def test_what_is_declared_is_asked_of_every_request(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get("/undeclared/auth/user/export/"))


@pytest.mark.parametrize("way", ["partly", "remove", "wipe", "function"])
def test_view_of_django_by_another_way_is_that_view(
    ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What is declared for that way takes nothing away."""
    monkeypatch.setattr(undeclared._registry[Customer], "ory_mfa_requirements", {way: "aal1"}, raising=False)
    me, ann = staff(ory, site, age=STALE), Customer.objects.create(name="Ann")
    address = f"/undeclared/shop/customer/{ann.pk}/{way}/"
    assert is_refresh(site.get(address))
    assert is_refresh(site.post(address, {"post": "yes"}))
    assert Customer.objects.exists()

    ory.login(site, user=me)
    assert site.post(address, {"post": "yes"}).status_code == 302
    assert not Customer.objects.exists()


def test_route_to_the_form_itself_is_that_of_the_form(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_user", age=STALE)
    address = f"/undeclared/auth/user/{me.pk}/form/"
    assert site.get(address).status_code == 200

    may(me, "change_user")
    assert is_refresh(site.get(address))


def test_column_that_is_called_as_the_actions_of_a_theme_is_a_column(ory: Any, site: UsersSite) -> None:
    staff(ory, site)
    ann = Customer.objects.create(name="Ann")

    for place in ("", "add/", f"{ann.pk}/change/"):
        assert site.get(f"/shown_columns/shop/customer/{place}").status_code == 200
    assert site.post("/shown_columns/shop/customer/add/", {"name": "Eve"}).status_code == 302
    assert shown.check(None) == []


@pytest.mark.parametrize("way", WAYS)
def test_view_that_is_no_method_of_the_model_admin_is_one_of_it(ory: Any, site: UsersSite, way: str) -> None:
    me = staff(ory, site, age=STALE)
    address = f"/unbound/auth/user/more/{way}/"
    assert site.get(address).status_code == (405 if way == "by_class" else 200)
    assert is_refresh(site.post(address))
    assert site.post(f"/unbound_declared/auth/user/more/{way}/").status_code == 200

    ory.login(site, user=me)
    assert site.post(address).status_code == 200


def test_view_whose_address_names_several_models_is_one_of_rights(ory: Any, site: UsersSite) -> None:
    """Whichever was registered first."""
    staff(ory, site, age=STALE)

    assert is_refresh(site.post("/of_users/shop/customer/auth/user/restore/"))


def test_key_that_is_declared_says_nothing_of_another_view_of_that_name(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.post("/of_users/auth/user/restore/"))


def test_address_from_before_is_no_such_view(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert not is_refresh(site.post("/unbound/auth/user/1/"))


def test_names_of_views_that_are_no_methods_are_keys() -> None:
    assert unbound_declared.check(None) == []


@pytest.mark.parametrize("method", ["head", "options", "trace", "put", "delete"])
def test_view_that_nothing_is_declared_for_needs_a_fresh_proof_for_all_but_get(
    ory: Any, site: UsersSite, method: str
) -> None:
    """Code that looks for a form by ``!= "GET"`` is as common as one that looks for ``"POST"``."""
    me = staff(ory, site, "view_user", age=STALE)
    assert site.request(method, "/undeclared/auth/user/all_but_get/").status_code in (302, 303, 403)
    assert not User.objects.get(pk=me.pk).is_superuser

    ory.login(site, user=me)
    assert site.request(method, "/undeclared/auth/user/all_but_get/").status_code == 200
    assert User.objects.get(pk=me.pk).is_superuser
