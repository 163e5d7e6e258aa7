"""Rights that stand where Django has none: in user models of a site, in rows of rows, in lists made on the way."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test.utils import isolate_apps

from django_ory_mfa.checks.order import USER_MIDDLEWARE
from django_ory_mfa.contrib.admin import fields
from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_admin.odd_sites import NumberSite, sites
from tests.contrib_admin.people import STALE, UsersSite, is_refresh, may, staff
from tests.contrib_admin.shop.models import (
    Agent,
    Clerk,
    Colleague,
    Customer,
    Employee,
    GiftOrder,
    Keyed,
    KeyedChild,
    Member,
    Order,
    Voucher,
)

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib_admin.odd_sites")]


# Each field by itself.


@pytest.mark.parametrize(
    ("model", "field", "is_sensitive"),
    [
        ("auth/user", "username", False),
        ("auth/user", "first_name", False),
        ("auth/user", "email", False),
        ("auth/user", "date_joined", False),
        ("auth/user", "is_staff", True),
        ("auth/user", "is_superuser", True),
        ("auth/user", "is_active", True),
        ("auth/user", "groups", True),
        ("auth/user", "user_permissions", True),
        ("auth/user", "password", True),
        ("auth/group", "name", False),
        ("auth/group", "permissions", True),
        ("auth/permission", "name", False),
        ("auth/permission", "codename", True),
        ("auth/permission", "content_type", True),
        ("contenttypes/contenttype", "app_label", True),
        ("contenttypes/contenttype", "model", True),
        ("ory_mfa_auth/oryidentity", "identity_id", True),
        ("ory_mfa_auth/oryidentity", "project", True),
        ("ory_mfa_auth/oryidentity", "user", True),
    ],
)
def test_form_with_one_field(ory: Any, site: UsersSite, model: str, field: str, *, is_sensitive: bool) -> None:
    me = staff(ory, site, age=STALE)
    pks = {
        "auth/user": me.pk,
        "auth/group": Group.objects.create(name="editors").pk,
        "auth/permission": Permission.objects.first().pk,  # type: ignore[union-attr]  # Django makes them
        "contenttypes/contenttype": ContentType.objects.first().pk,  # type: ignore[union-attr]  # likewise
        "ory_mfa_auth/oryidentity": me.ory_identities.get().pk,
    }

    response = site.get(f"/one_field/{model}/{pks[model]}/change/?field={field}")

    assert (response.status_code, is_refresh(response)) == ((302, True) if is_sensitive else (200, False))


def test_link_that_can_only_be_deleted_is_sensitive(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_user", "change_user", "view_oryidentity", "delete_oryidentity", age=STALE)

    assert is_refresh(site.get(f"/links/auth/user/{me.pk}/change/"))


def test_new_password_of_a_user_who_is_there_is_sensitive(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/new_password/auth/user/{me.pk}/change/"))
    assert site.get("/new_password/auth/user/add/").status_code == 200


def test_user_whom_the_route_does_not_name_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_order", age=STALE)

    assert is_refresh(site.get("/own_only/auth/user/me/"))


# User models of a site.


@pytest.fixture
def colleague(monkeypatch: pytest.MonkeyPatch) -> Colleague:
    monkeypatch.setattr(fields, "get_user_model", lambda: Colleague)
    return Colleague.objects.create(handle="eve")


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Member:
    monkeypatch.setattr(fields, "get_user_model", lambda: Member)
    return Member.objects.create(email="eve@example.test")


@pytest.mark.parametrize(
    ("name", "field", "is_sensitive"),
    [
        ("one_field", "handle", False),
        ("one_field", "role", True),
        ("one_field", "phone", True),
        ("one_field", "customers", True),
        ("tolerant", "phone", False),
        ("tolerant", "customers", False),
        ("tolerant", "role", True),
        ("tolerant", "is_staff", True),
    ],
)
@pytest.mark.parametrize("place", ["{pk}/change/", "add/"])
def test_field_of_users_that_is_not_known_gives_rights_unless_the_site_says_otherwise(
    ory: Any, site: UsersSite, colleague: Colleague, name: str, field: str, place: str, *, is_sensitive: bool
) -> None:
    staff(ory, site, age=STALE)
    path = f"/{name}/shop/colleague/{place.format(pk=colleague.pk)}?field={field}"

    assert is_refresh(site.get(path)) is is_sensitive
    assert is_refresh(site.post(path, {field: "1"})) is is_sensitive


@pytest.mark.parametrize("field", ["email", "is_admin", "last_login"])
def test_every_field_gives_rights_where_is_staff_is_a_property(
    ory: Any, site: UsersSite, member: Member, field: str
) -> None:
    me, path = staff(ory, site, age=STALE), f"/one_field/shop/member/{member.pk}/change/?field={field}"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {field: "on"}))
    member.refresh_from_db()
    assert not member.is_staff

    ory.login(site, user=me)
    assert site.get(path).status_code == 200


def test_site_says_what_is_harmless_where_is_staff_is_a_property(ory: Any, site: UsersSite, member: Member) -> None:
    staff(ory, site, age=STALE)
    path = f"/tolerant/shop/member/{member.pk}/change/?field="

    assert is_refresh(site.get(f"{path}is_admin"))
    assert site.get(f"{path}last_login").status_code == 200


@pytest.mark.parametrize("name", ["one_field", "tolerant"])
@pytest.mark.usefixtures("colleague")
def test_rows_between_users_and_other_models_are_sensitive(ory: Any, site: UsersSite, name: str) -> None:
    staff(ory, site, age=STALE)
    customer = Customer.objects.create(name="Ann")

    response = site.get(f"/{name}/shop/customer/{customer.pk}/change/")

    assert is_refresh(response) is (name == "one_field")


@pytest.mark.parametrize(
    ("users", "model", "field", "is_sensitive"),
    [
        (Employee, "contractor", "is_staff", True),
        (Employee, "contractor", "role", True),
        (Employee, "contractor", "handle", False),
        (Employee, "contractor", "firm", False),
        (Employee, "colleague", "role", True),
        (Colleague, "contractor", "firm", True),
        (Clerk, "porter", "is_staff", True),
        (Clerk, "porter", "handle", False),
        (Agent, "agent", "handle", True),
    ],
)
def test_model_that_shares_its_rows_with_users_holds_their_rights(
    ory: Any,
    site: UsersSite,
    monkeypatch: pytest.MonkeyPatch,
    users: Any,
    model: str,
    field: str,
    *,
    is_sensitive: bool,
) -> None:
    monkeypatch.setattr(fields, "get_user_model", lambda: users)
    staff(ory, site, age=STALE)
    path = f"/one_field/shop/{model}/add/?field={field}"

    assert is_refresh(site.get(path)) is is_sensitive
    assert is_refresh(site.post(path, {field: "1"})) is is_sensitive


@pytest.mark.parametrize("users", [Keyed, KeyedChild])
def test_key_of_a_user_is_sensitive_whatever_it_is(
    ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch, users: Any
) -> None:
    """With the key of another user, Django saves over that one. It adds nobody with a key that is taken."""
    monkeypatch.setattr(fields, "get_user_model", lambda: users)
    staff(ory, site, age=STALE)
    eve = users.objects.create(email="eve@example.test")
    users.objects.create(email="boss@example.test", is_superuser=True)
    for name in ("one_field", "tolerant"):
        address = f"/{name}/shop/{users._meta.model_name if name == 'one_field' else 'keyed'}/"
        assert is_refresh(site.post(f"{address}{eve.pk}/change/?field=email", {"email": "boss@example.test"}))
        assert site.post(f"{address}add/?field=email", {"email": "boss@example.test"}).status_code == 200
    assert users.objects.filter(is_superuser=True).count() == 1


def model_of_a_site(called: str, /, *bases: type, db_table: str = "", **attributes: Any) -> Any:
    """A model that is written for this test."""
    meta = type("Meta", (), {"app_label": "shop", **({"db_table": db_table, "managed": False} if db_table else {})})
    return type(called, bases, {"__module__": __name__, "Meta": meta, **attributes})


@isolate_apps("tests.contrib_admin.shop")
def test_other_model_for_a_table_of_rights_holds_them_in_every_field() -> None:
    """Its fields may be called as harmless ones."""

    columns: Any = {"first_name": models.BooleanField(db_column="is_superuser"), "name": models.CharField(max_length=9)}

    numbers = count()

    def found(table: str) -> list[bool]:
        name = f"Twin{next(numbers)}"
        owner = ModelAdmin(model_of_a_site(name, models.Model, db_table=table, **columns), NumberSite())
        return [fields.give_rights({name}, owner) for name in columns]

    granting = (User.groups.through, User.user_permissions.through, Group.permissions.through)
    for model in (User, Group, Permission, ContentType, OryIdentity, *granting):
        assert found(model._meta.db_table) == [True, True]
    for spelling in ('"auth_user"', "AUTH_USER", 'public."auth_user"', "`auth_user`", "[dbo].[auth_user]"):
        assert found(spelling) == [True, True]
    assert found("shop_other") == [False, False]


@isolate_apps("tests.contrib_admin.shop")
@pytest.mark.parametrize(("sync", "is_sensitive"), [("VerifiedEmailSync", True), ("UserSync", False)])
def test_model_that_shares_the_address_by_which_people_are_linked_holds_rights(
    monkeypatch: pytest.MonkeyPatch, settings: Any, sync: str, *, is_sensitive: bool
) -> None:
    person = model_of_a_site("Person", models.Model, email=models.EmailField())
    account = model_of_a_site("Account", AbstractBaseUser, person, USERNAME_FIELD="email")
    supplier = model_of_a_site("Supplier", person)
    settings.ORY_MFA_USER_SYNC = f"django_ory_mfa.contrib.auth.sync.{sync}"
    monkeypatch.setattr(fields, "get_user_model", lambda: account)

    assert fields.holds_rights(ModelAdmin(supplier, NumberSite())) is is_sensitive


def test_model_that_shares_only_what_is_harmless_with_users_holds_no_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "get_user_model", lambda: GiftOrder)
    number_site: Any = NumberSite(name="of_numbers")
    number_site.harmless_user_fields = ("number", "customer")

    found = [fields.holds_rights(ModelAdmin(Voucher, one)) for one in (number_site, NumberSite(name="others"))]

    assert found == [False, True]


@pytest.mark.usefixtures("customer")
@pytest.mark.parametrize(("name", "is_sensitive"), [("plain_rows", False), ("own_form", True), ("own_formset", True)])
def test_rows_whose_fields_code_of_the_site_may_choose_are_sensitive(
    ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch, name: str, *, is_sensitive: bool
) -> None:
    monkeypatch.setattr(fields, "get_user_model", lambda: GiftOrder)
    staff(ory, site, age=STALE)

    response = site.get(f"/{name}/shop/customer/{Customer.objects.get().pk}/change/")

    assert (response.status_code, is_refresh(response)) == ((302, True) if is_sensitive else (200, False))


def test_field_that_a_form_of_groups_has_beside_the_name_is_sensitive(ory: Any, site: UsersSite) -> None:
    me, group = staff(ory, site, age=STALE), Group.objects.create(name="admins")
    path = f"/later_fields/auth/group/{group.pk}/change/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"name": "admins", "users": [me.pk]}))
    assert is_refresh(site.get("/later_fields/auth/group/add/"))


def test_site_says_which_fields_of_groups_are_harmless(
    ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff(ory, site, age=STALE)
    pk = Group.objects.create(name="admins").pk
    (later,) = [one for one in sites if one.name == "later_fields"]
    monkeypatch.setattr(later, "harmless_user_fields", ("users", "permissions"))
    assert site.get(f"/later_fields/auth/group/{pk}/change/").status_code == 200

    monkeypatch.setattr(later._registry[Group], "fields", ("name", "users", "permissions"))
    assert is_refresh(site.get(f"/later_fields/auth/group/{pk}/change/"))


def test_field_that_a_form_gets_when_it_is_made_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    plain, made = User.objects.create(username="plain"), User.objects.create(username="made", last_name="made")
    path = "/later_fields/auth/user/"

    assert site.get(f"{path}{plain.pk}/change/").status_code == 200
    assert is_refresh(site.get(f"{path}{made.pk}/change/"))
    for place in (f"{plain.pk}/change/", f"{made.pk}/change/", "add/"):
        assert is_refresh(site.post(path + place, {"last_name": "sent", "make_superuser": "on"}))
    assert site.get(f"{path}add/").status_code == 200


def test_form_is_made_as_django_makes_it(ory: Any, site: UsersSite) -> None:
    me, path = staff(ory, site), "/initial/auth/user/"

    assert 'value="Ann"' in site.get(f"{path}add/?last_name=Ann").content.decode()
    assert site.get(f"{path}{me.pk}/change/").status_code == 200
    assert site.post(f"{path}add/", {"username": "ann"}).status_code == 302


def test_name_that_a_view_gives_to_an_object_needs_a_fresh_proof_to_change_it(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_order", age=STALE)
    path, data = "/me/auth/user/me/change/", {"first_name": "Eve", "is_superuser": "on"}
    assert site.get(path).status_code == 200
    assert is_refresh(site.post(path, data))
    assert not User.objects.get(pk=me.pk).is_superuser

    ory.login(site, user=me)
    assert site.post(path, data).status_code == 302
    assert User.objects.get(pk=me.pk).is_superuser


def test_view_of_the_site_may_change_another_object_than_that_of_the_path(ory: Any, site: UsersSite) -> None:
    me, other = staff(ory, site, "view_order", age=STALE), User.objects.create(username="other")

    for pk in (me.pk, other.pk):
        assert is_refresh(site.post(f"/me/auth/user/{pk}/change/", {"first_name": "Eve"}))


@pytest.mark.parametrize(
    ("sync", "is_sensitive"),
    [
        ("django_ory_mfa.contrib.auth.sync.UserSync", False),
        ("django_ory_mfa.contrib.auth.sync.VerifiedEmailSync", False),
        ("tests.contrib_admin.syncs.UserSync", True),
    ],
)
def test_name_by_which_a_site_may_link_people_is_sensitive(
    ory: Any, site: UsersSite, settings: Any, sync: str, *, is_sensitive: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    me = staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/one_field/auth/user/{me.pk}/change/?field=username")) is is_sensitive


@pytest.mark.parametrize(("middleware", "is_sensitive"), [("FindingMiddleware", True), ("FallbackMiddleware", False)])
@pytest.mark.parametrize("field", ["username", "email"])
def test_fields_by_which_a_middleware_of_the_site_may_find_people_are_sensitive(
    ory: Any, site: UsersSite, settings: Any, middleware: str, field: str, *, is_sensitive: bool
) -> None:
    me = staff(ory, site, age=STALE)
    ory.identity_by_id(str(me.ory_identities.get().identity_id)).traits["nickname"] = me.username
    settings.MIDDLEWARE = [
        f"tests.contrib_auth.middlewares.{middleware}" if one == USER_MIDDLEWARE else one for one in settings.MIDDLEWARE
    ]
    boss = User.objects.create(username="boss", email="boss@corp.example", is_superuser=True)
    address = f"/one_field/auth/user/{boss.pk}/change/?field={field}"

    assert is_refresh(site.get(address)) is is_sensitive
    assert is_refresh(site.post(address, {field: "eve@evil.example"})) is is_sensitive


@pytest.mark.parametrize(
    ("sync", "is_sensitive"), [("tests.contrib_admin.syncs.Roles", True), ("tests.contrib_admin.syncs.UserSync", False)]
)
def test_name_by_which_ory_says_who_is_in_a_group_is_sensitive(
    ory: Any, site: UsersSite, settings: Any, sync: str, *, is_sensitive: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    staff(ory, site, age=STALE)
    address = f"/one_field/auth/group/{Group.objects.create(name='directors').pk}/change/?field=name"

    assert is_refresh(site.get(address)) is is_sensitive
    assert is_refresh(site.post(address, {"name": "editors"})) is is_sensitive


def test_rows_between_groups_and_permissions_are_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get("/granting/auth/group_permissions/add/"))


def test_password_is_found_by_nobody_who_has_no_fresh_proof(ory: Any, site: UsersSite) -> None:
    """A field that one may not look up by is not tried."""
    staff(ory, site, age=STALE)
    User.objects.create(username="eve", password="stored")

    for guess in ("stored", "other"):
        assert is_refresh(site.get(f"/one_field/auth/user/{guess}/change/?field=first_name&_to_field=password"))


# Rows in rows.


@pytest.fixture
def customer() -> Customer:
    customer = Customer.objects.create(name="Ann")
    GiftOrder.objects.create(number="1", customer=customer)
    return customer


@pytest.mark.parametrize("name", ["nested", "nested_later", "by_method", "in_themselves"])
def test_rows_in_rows_are_asked_for(ory: Any, site: UsersSite, customer: Customer, name: str) -> None:
    me, path = staff(ory, site, age=STALE), f"/{name}/shop/customer/{customer.pk}/change/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"order_set-0-user_set-0-is_superuser": "on"}))

    ory.login(site, user=me)
    assert site.get(path).status_code == 200


@pytest.mark.parametrize("name", ["nested", "by_method", "in_themselves"])
def test_rows_in_rows_that_can_only_be_read_are_not(ory: Any, site: UsersSite, customer: Customer, name: str) -> None:
    staff(ory, site, "change_customer", "change_order", "view_user", "view_giftorder", age=STALE)

    assert site.get(f"/{name}/shop/customer/{customer.pk}/change/").status_code == 200


def test_object_is_looked_up_by_the_field_that_is_sent(ory: Any, site: UsersSite, customer: Customer) -> None:
    """The view lets the field in the form win over that in the address."""
    staff(ory, site, age=STALE)
    path = f"/in_themselves/shop/customer/{customer.pk}/change/?_to_field=name"

    assert is_refresh(site.post(path, {"_to_field": "id", "name": "Ann"}))


# Actions.


@pytest.mark.parametrize("action", ["wipe", "publish"])
@pytest.mark.parametrize("more", [{"_selected_action": "1"}, {"select_across": "1"}])
@pytest.mark.parametrize("place", ["{pk}/change/", "add/", ""])
def test_action_that_the_model_admin_does_not_have_is_sensitive(
    ory: Any, site: UsersSite, customer: Customer, action: str, more: Any, place: str
) -> None:
    """Themes show lists of other model admins in a form, and run their actions."""
    staff(ory, site, age=STALE)

    assert is_refresh(site.post(f"/admin/shop/customer/{place.format(pk=customer.pk)}", {"action": action, **more}))


def test_no_action_and_a_field_of_that_name_are_not(ory: Any, site: UsersSite, customer: Customer) -> None:
    staff(ory, site, age=STALE)
    path = f"/admin/shop/customer/{customer.pk}/change/"

    for data in ({"action": "refund", "order_set-0-action": "refund"}, {"action": "", "_selected_action": "1"}):
        assert site.post(path, {"name": "Ann", **data}).status_code == 302


# Lists.


def test_list_that_is_made_editable_on_the_way_is_sensitive(ory: Any, site: UsersSite) -> None:
    me, eve = staff(ory, site, age=STALE), User.objects.create(username="eve")
    path, counts = "/later/auth/user/?username=eve", {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1}
    data = {**counts, "form-0-id": eve.pk, "form-0-is_superuser": "on", "_save": ""}
    assert is_refresh(site.post(path, data))
    assert not User.objects.get(pk=eve.pk).is_superuser

    ory.login(site, user=me)
    assert site.post(path, data).status_code == 302
    assert User.objects.get(pk=eve.pk).is_superuser


def test_list_that_is_made_editable_on_the_way_asks_for_what_a_change_asks_for(
    ory: Any, site: UsersSite, customer: Customer
) -> None:
    me, order = staff(ory, site, age=STALE), Order.objects.get()
    counts = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1}
    data = {**counts, "form-0-id": order.pk, "form-0-number": "2", "_save": ""}
    assert is_refresh(site.post("/later/shop/order/", data))
    assert Order.objects.get().number == "1"

    ory.login(site, user=me)
    assert site.post("/later/shop/order/", data).status_code == 302


# Who may not change users does not learn which are there.


@pytest.mark.parametrize("method", ["get", "post"])
def test_user_who_is_not_there_is_refused_like_one_who_is(ory: Any, site: UsersSite, method: str) -> None:
    me = staff(ory, site, "view_order", age=STALE)

    answers = [getattr(site, method)(f"/admin/auth/user/{pk}/change/") for pk in (me.pk, 999)]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_form_with_a_button_for_a_copy_is_one_to_add_as_well(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_user", "change_user", age=STALE)
    address = f"/nested_later/auth/user/{me.pk}/change/"
    assert site.get(address).status_code == 200

    may(me, "add_user")
    assert is_refresh(site.get(address))


def test_copy_of_a_user_who_is_not_there_is_an_add(ory: Any, site: UsersSite) -> None:
    """Django adds one whatever the id."""
    staff(ory, site, "add_user", age=STALE)

    assert is_refresh(site.post("/one_field/auth/user/999/change/?field=is_staff", {"_saveasnew": "1"}))
    assert not User.objects.filter(username="").exists()
