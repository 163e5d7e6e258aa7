"""Rows beside a form and in a list ask for what the model admin of their own model asks for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import all_sites
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.urls import resolve

from tests.contrib_admin.people import STALE, UsersSite, is_refresh, staff
from tests.contrib_admin.shop.models import Customer, GiftOrder, Order

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.contrib_admin.inline_sites")]


@pytest.fixture
def order() -> Order:
    return Order.objects.create(number="1", customer=Customer.objects.create(name="Ann"))


def sent(order: Order, **more: Any) -> dict[str, Any]:
    """The form of a customer with one order beside."""
    counts = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
    row = {"0-id": order.pk, "0-customer": order.customer_id, "0-number": "2"}
    return {"name": "Ann", **{f"order_set-{name}": value for name, value in (counts | row).items()}, **more}


def form(name: str, order: Order) -> str:
    return f"/{name}/shop/customer/{order.customer_id}/change/"


@pytest.mark.parametrize("name", ["adds", "changes"])
def test_rows_that_ask_for_a_proof_are_asked_for_it_beside_another_form(
    ory: Any, site: UsersSite, order: Order, name: str
) -> None:
    me, path = staff(ory, site, age=STALE), form(name, order)
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, sent(order)))
    assert Order.objects.get().number == "1"

    ory.login(site, user=me)
    assert site.get(path).status_code == 200
    assert site.post(path, sent(order)).status_code == 302
    assert Order.objects.get().number == "2"


@pytest.mark.parametrize("name", ["by_object", "instances"])
def test_rows_that_are_only_beside_a_saved_object_are_asked_for_it(
    ory: Any, site: UsersSite, order: Order, name: str
) -> None:
    me, path = staff(ory, site, age=STALE), form(name, order)
    deleting = sent(order, **{"order_set-0-DELETE": "on"})
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, sent(order)))
    assert is_refresh(site.post(path, deleting))
    assert Order.objects.get().number == "1"

    ory.login(site, user=me)
    assert site.post(path, deleting).status_code == 302
    assert not Order.objects.exists()


def test_rows_are_known_on_a_route_that_does_not_name_its_object(ory: Any, site: UsersSite, order: Order) -> None:
    me, path = staff(ory, site, age=STALE), f"/old/shop/customer/{order.customer_id}/old/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, sent(order)))
    assert Order.objects.get().number == "1"

    ory.login(site, user=me)
    assert site.post(path, sent(order)).status_code == 302
    assert Order.objects.get().number == "2"


@pytest.mark.parametrize("name", ["proxied", "by_proxy"])
def test_rows_of_a_proxy_are_those_of_its_model(ory: Any, site: UsersSite, order: Order, name: str) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get(form(name, order)))


@pytest.mark.parametrize("model", ["giftorder", "reorder"])
def test_what_orders_ask_for_holds_in_the_admin_of_models_that_inherit(
    ory: Any, site: UsersSite, order: Order, model: str
) -> None:
    gift = GiftOrder.objects.create(number="1", customer=order.customer)
    me, path = staff(ory, site, age=STALE), f"/heirs/shop/{model}/{gift.pk}/change/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"number": "2", "customer": order.customer_id}))
    assert Order.objects.get(pk=gift.pk).number == "1"
    assert site.get(f"/heirs/shop/{model}/add/").status_code == 200

    ory.login(site, user=me)
    assert site.post(path, {"number": "2", "customer": order.customer_id}).status_code == 302
    assert Order.objects.get(pk=gift.pk).number == "2"


def test_what_heirs_ask_for_does_not_hold_for_orders(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, age=STALE)

    assert site.get(f"/parents/shop/order/{order.pk}/change/").status_code == 200
    assert site.get(f"/parents/shop/reorder/{order.pk}/change/").status_code == 403


def test_rows_of_an_heir_ask_for_what_its_parent_asks_for(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/gifts/shop/customer/{order.customer_id}/change/"))


def test_report_shows_what_heirs_ask_for() -> None:
    resolve("/heirs/")
    heirs: Any = next(one for one in all_sites if one.name == "heirs")

    asked = list(heirs.ory_mfa_guards_of(heirs._registry[GiftOrder].change_view))

    assert heirs.sensitive in asked


def test_rows_are_added_beside_a_new_object(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get("/adds/shop/customer/add/"))
    assert site.get("/changes/shop/customer/add/").status_code == 200


@pytest.mark.parametrize("name", ["deletes", "unregistered"])
def test_box_that_deletes_a_row_is_sensitive_when_it_is_sent(
    ory: Any, site: UsersSite, order: Order, name: str
) -> None:
    me, path = staff(ory, site, age=STALE), form(name, order)
    assert site.get(path).status_code == 200
    assert is_refresh(site.post(path, sent(order, **{"order_set-0-DELETE": "on"})))
    assert Order.objects.get().number == "1"
    assert site.post(path, sent(order)).status_code == 302
    assert Order.objects.get().number == "2"

    ory.login(site, user=me)
    assert site.post(path, sent(order, **{"order_set-0-DELETE": "on"})).status_code == 302
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("name", "more"), [("adds", "change_order"), ("changes", "add_order"), ("deletes", "change_order")]
)
def test_what_cannot_be_sent_is_not_asked_for(ory: Any, site: UsersSite, order: Order, name: str, more: str) -> None:
    staff(ory, site, "view_customer", "change_customer", "view_order", more, age=STALE)

    assert site.get(form(name, order)).status_code == 200
    assert site.post(form(name, order), sent(order, **{"order_set-0-DELETE": "on"})).status_code == 302
    assert Order.objects.exists()


def test_form_that_can_only_be_read_is_not_asked_for(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, "view_customer", "change_order", age=STALE)

    assert site.get(form("changes", order)).status_code == 200


@pytest.mark.parametrize("pk", ["999", "nonsense"])
def test_object_that_is_not_there_asks_for_nothing(ory: Any, site: UsersSite, pk: str) -> None:
    staff(ory, site, age=STALE)

    assert site.get(f"/changes/shop/customer/{pk}/change/").status_code == 302


def test_copy_adds_rows(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, "view_customer", "add_customer", "add_order", age=STALE)

    assert is_refresh(site.post(form("adds", order), sent(order, _saveasnew="1")))


def test_copy_is_an_add(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, age=STALE)
    path, data = f"/adds/shop/order/{order.pk}/change/", {"number": "2", "customer": order.customer_id}
    assert is_refresh(site.post(path, {**data, "_saveasnew": "1"}))
    assert Order.objects.count() == 1

    assert site.post(path, data).status_code == 302


def test_list_that_changes_objects_asks_for_what_a_change_asks_for(ory: Any, site: UsersSite, order: Order) -> None:
    me, path = staff(ory, site, age=STALE), "/changes/shop/order/"
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": order.pk, "form-0-number": "2", "_save": ""}
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, data))
    assert Order.objects.get().number == "1"

    ory.login(site, user=me)
    assert site.post(path, data).status_code == 302
    assert Order.objects.get().number == "2"


def test_list_that_can_only_be_read_is_not_asked_for(ory: Any, site: UsersSite, order: Order) -> None:
    staff(ory, site, "view_order", age=STALE)

    assert site.get("/changes/shop/order/").status_code == 200


def test_members_who_stand_in_no_list_of_inlines_are_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    path = f"/yielded/auth/group/{Group.objects.create(name='editors').pk}/change/"

    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"name": "editors"}))


def test_members_who_can_only_be_taken_out_are_sensitive(ory: Any, site: UsersSite) -> None:
    """A row between a user and a group gives rights by being there."""
    staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/shown/auth/group/{Group.objects.create(name='editors').pk}/change/"))


# What rights mean.


def test_meaning_of_a_permission_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    mine = Permission.objects.get(codename="view_permission")
    path = f"/meaning/auth/permission/{mine.pk}/change/"

    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"name": "n", "content_type": mine.content_type_id, "codename": "delete_user"}))
    assert is_refresh(site.get(f"/meaning/contenttypes/contenttype/{ContentType.objects.get(model='user').pk}/change/"))


@pytest.mark.parametrize(
    ("sync", "is_sensitive"),
    [
        (None, False),
        ("django_ory_mfa.contrib.auth.sync.UserSync", False),
        ("django_ory_mfa.contrib.auth.sync.VerifiedEmailSync", True),
        ("tests.contrib_auth.syncs.ClosedSync", True),
        ("tests.contrib_auth.syncs.ShopSync", False),
        ("tests.contrib_admin.syncs.UserSync", True),
    ],
)
def test_address_by_which_people_are_linked_is_sensitive(
    ory: Any, site: UsersSite, settings: Any, sync: str | None, *, is_sensitive: bool
) -> None:
    settings.ORY_MFA_USER_SYNC = sync
    staff(ory, site, age=STALE)
    other = User.objects.create(username="other")

    assert is_refresh(site.get(f"/meaning/auth/user/{other.pk}/change/")) is is_sensitive
