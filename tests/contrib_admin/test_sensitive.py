"""What needs a fresh proof, by default and because a model admin says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group, User

from django_ory_mfa.contrib.admin.fields import holds_rights
from tests.contrib_admin.people import (
    STALE,
    UsersSite,
    is_refresh,
    is_step_up,
    location,
    may,
    staff,
    staff_before_second_factor,
)
from tests.contrib_admin.rights_sites import Between, NamedGroup, listed, named, one_factor
from tests.contrib_admin.shop.models import Customer, GiftOrder, Order

pytestmark = pytest.mark.django_db


def order() -> Order:
    return Order.objects.create(number="1", customer=Customer.objects.create(name="Ann"))


def other(**fields: Any) -> User:
    return User.objects.create(username="other", **fields)


def test_delete_is_sensitive_on_the_page_and_in_the_form(ory: Any, site: UsersSite) -> None:
    user, pk = staff(ory, site, age=STALE), order().pk
    path = f"/admin/shop/order/{pk}/delete/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"post": "yes"}))
    assert Order.objects.exists()

    ory.login(site, user=user)
    assert site.get(path).status_code == 200
    assert site.post(path, {"post": "yes"}).status_code == 302
    assert not Order.objects.exists()


def test_form_that_writes_a_stored_password_is_sensitive(ory: Any, site: UsersSite) -> None:
    me, user = staff(ory, site, age=STALE), other(password="old")
    path = f"/passwords/auth/user/{user.pk}/change/"
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"password": "new"}))
    assert User.objects.get(pk=user.pk).password == "old"

    ory.login(site, user=me)
    assert site.post(path, {"password": "new"}).status_code == 302
    assert User.objects.get(pk=user.pk).password == "new"


def test_form_that_only_shows_a_password_is_not(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_user", "change_user", age=STALE)

    assert site.get(f"/shown/auth/user/{other().pk}/change/").status_code == 200


def test_proof_that_gets_stale_between_page_and_form_is_asked_anew(ory: Any, site: UsersSite) -> None:
    user, pk = staff(ory, site), order().pk
    assert site.get(f"/admin/shop/order/{pk}/delete/").status_code == 200

    ory.login(site, user=user, age=STALE)
    assert is_refresh(site.post(f"/admin/shop/order/{pk}/delete/", {"post": "yes"}))
    assert Order.objects.exists()


@pytest.mark.parametrize("path", ["", "add/", "{pk}/change/"])
def test_everyday_work_needs_no_fresh_proof(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/admin/shop/order/" + path.format(pk=order().pk)).status_code == 200


def test_one_factor_is_enough_only_where_the_site_says_so(ory: Any, site: UsersSite) -> None:
    staff_before_second_factor(ory, site)
    pk = Customer.objects.create(name="Ann").pk

    assert is_step_up(site.get("/admin/shop/customer/"))
    assert site.get("/one_factor/shop/customer/").status_code == 200
    assert is_step_up(site.get(f"/one_factor/shop/customer/{pk}/delete/"))


def test_password_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    path = f"/admin/auth/user/{other().pk}/password/"

    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"password1": "x", "password2": "x"}))


@pytest.mark.parametrize("path", ["/admin/password_change/", "/one_factor/password_change/"])
def test_own_password_is_sensitive(ory: Any, site: UsersSite, settings: Any, path: str) -> None:
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "django.contrib.auth.backends.ModelBackend"]
    me = staff(ory, site, age=STALE)
    me.set_password("old-Secret-1")
    me.save()
    data = {"old_password": "old-Secret-1", "new_password1": "N3w-Secret-99", "new_password2": "N3w-Secret-99"}
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, data))
    assert User.objects.get(pk=me.pk).check_password("old-Secret-1")

    ory.login(site, user=me)
    assert site.get(path).status_code == 200
    assert site.post(path, data).status_code == 302
    assert User.objects.get(pk=me.pk).check_password("N3w-Secret-99")


def test_own_password_at_ory_is_not(ory: Any, site: UsersSite) -> None:
    """Ory's settings ask for a proof themselves."""
    staff(ory, site, age=STALE)

    assert "self-service/settings" in location(site.get("/admin/password_change/"))


# Rights.


@pytest.mark.parametrize(
    "path", ["/admin/auth/user/{user}/change/", "/admin/auth/group/{group}/change/", "/admin/auth/group/add/"]
)
def test_form_of_rights_is_sensitive(ory: Any, site: UsersSite, path: str) -> None:
    me = staff(ory, site, age=STALE)
    path = path.format(user=other().pk, group=Group.objects.create(name="editors").pk)
    assert is_refresh(site.get(path))
    assert is_refresh(site.post(path, {"name": "editors", "username": "other", "is_superuser": "on"}))
    assert not User.objects.get(username="other").is_superuser

    ory.login(site, user=me)
    assert site.get(path).status_code == 200


def test_form_that_adds_a_user_without_rights_is_not_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/admin/auth/user/add/").status_code == 200


def test_form_that_adds_a_user_with_rights_is_sensitive(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, age=STALE)
    data = {"username": "new", "is_staff": "on", "usable_password": "false"}
    assert is_refresh(site.get("/hiring/auth/user/add/"))
    assert is_refresh(site.post("/hiring/auth/user/add/?_popup=1", data))
    assert not User.objects.filter(username="new").exists()

    ory.login(site, user=me)
    assert site.get("/hiring/auth/user/add/").status_code == 200
    assert site.post("/hiring/auth/user/add/", data).status_code == 302
    assert User.objects.get(username="new").is_staff


def test_rights_that_a_form_of_users_does_not_ask_for_are_not_saved(ory: Any, site: UsersSite) -> None:
    """So Django's own form for adding needs no fresh proof."""
    staff(ory, site, age=STALE)
    rights = {"is_staff": "on", "is_superuser": "on", "groups": Group.objects.create(name="editors").pk}

    saved = site.post("/admin/auth/user/add/", {"username": "new", "usable_password": "false", **rights})

    user = User.objects.get(username="new")
    assert is_refresh(site.get(location(saved)))
    assert (user.is_staff, user.is_superuser, user.groups.count()) == (False, False, 0)


@pytest.mark.parametrize("query", ["", "?_to_field=id&_popup=1"])
@pytest.mark.parametrize("pk", ["999", "nonsense"])
def test_user_who_is_not_there_is_sensitive(ory: Any, site: UsersSite, query: str, pk: str) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/admin/auth/user/{pk}/change/{query}"))


def test_field_to_look_up_by_that_is_not_allowed_is_a_bad_request(ory: Any, site: UsersSite) -> None:
    me, pk = staff(ory, site, age=STALE), other().pk
    path = f"/admin/auth/user/{pk}/change/?_to_field=password"
    assert is_refresh(site.get(path))

    ory.login(site, user=me)
    assert site.get(path).status_code == 400


def test_user_who_is_looked_up_by_another_field_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get(f"/admin/auth/user/{other().pk}/change/?_to_field=id"))


@pytest.mark.parametrize("path", ["/admin/auth/user/{user}/change/", "/admin/auth/group/{group}/change/"])
def test_form_that_can_only_be_read_is_not_sensitive(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site, "view_user", "view_group", age=STALE)
    path = path.format(user=other().pk, group=Group.objects.create(name="editors").pk)

    assert site.get(path).status_code == 200
    assert site.post(path, {"name": "editors"}).status_code == 403


def test_save_as_new_is_an_add(ory: Any, site: UsersSite) -> None:
    """Django adds a group for whoever sends ``_saveasnew``, whether ``save_as`` is on or not."""
    me, group = staff(ory, site, "view_group", "add_group", age=STALE), Group.objects.create(name="editors")
    path, data = f"/admin/auth/group/{group.pk}/change/", {"name": "copied", "_saveasnew": "1"}
    assert site.get(path).status_code == 200
    assert is_refresh(site.post(path, data))
    assert Group.objects.count() == 1

    ory.login(site, user=me)
    assert site.post(path, data).status_code == 302
    assert Group.objects.count() == 2


def test_list_of_rights_is_sensitive(ory: Any, site: UsersSite) -> None:
    me, user = staff(ory, site, age=STALE), other()
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": user.pk, "_save": "Save"}
    assert is_refresh(site.get("/listed/auth/user/"))
    assert is_refresh(site.post("/listed/auth/user/?username=other", data))
    assert User.objects.get(pk=user.pk).is_active

    ory.login(site, user=me)
    assert site.post("/listed/auth/user/?username=other", data).status_code == 302
    assert not User.objects.get(pk=user.pk).is_active


def test_list_whose_rights_are_hidden_from_the_person_is_sensitive(ory: Any, site: UsersSite) -> None:
    """Django saves what ``list_editable`` names, whether the list shows it or not."""
    me, user = staff(ory, site, "view_user", "change_user", age=STALE), other()
    data = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": user.pk, "_save": "Save"}
    assert is_refresh(site.post("/in_part/auth/user/?username=other", data))
    assert User.objects.get(pk=user.pk).is_active

    ory.login(site, user=me)
    assert site.post("/in_part/auth/user/?username=other", data).status_code == 302
    assert not User.objects.get(pk=user.pk).is_active


def test_list_of_rights_that_can_only_be_read_is_not_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_user", age=STALE)

    assert site.get("/listed/auth/user/").status_code == 200


def test_list_whose_rights_are_not_shown_is_not_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/admin/auth/user/").status_code == 200


@pytest.mark.parametrize("path", ["{pk}/change/", "add/"])
def test_form_of_users_without_rights_is_not_sensitive(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site, age=STALE)

    assert site.get("/named/auth/user/" + path.format(pk=other().pk)).status_code == 200


@pytest.mark.parametrize("path", ["{pk}/change/", "add/"])
def test_members_beside_a_group_are_sensitive(ory: Any, site: UsersSite, path: str) -> None:
    staff(ory, site, age=STALE)

    assert is_refresh(site.get("/named/auth/group/" + path.format(pk=Group.objects.create(name="editors").pk)))


def test_members_who_can_only_be_read_are_not_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_group", "view_user", age=STALE)
    path = f"/named/auth/group/{Group.objects.create(name='editors').pk}/change/"

    assert site.get(path).status_code == 200


def test_members_who_can_only_be_read_in_a_form_that_can_be_sent_are_not_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, "view_group", "change_group", "view_user", age=STALE)
    path = f"/named/auth/group/{Group.objects.create(name='editors').pk}/change/"

    assert site.get(path).status_code == 200


def test_rows_between_users_and_groups_are_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    row = Between.objects.create(user=other(), group=Group.objects.create(name="editors"))

    for path in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert is_refresh(site.get(f"/named/auth/user_groups/{path}"))


def test_links_between_identities_and_users_are_sensitive(ory: Any, site: UsersSite) -> None:
    user = staff(ory, site, age=STALE)
    link = user.ory_identities.get()

    for path in ("add/", f"{link.pk}/change/"):
        assert is_refresh(site.get(f"/linked/ory_mfa_auth/oryidentity/{path}"))
    assert is_refresh(site.get(f"/linked/auth/user/{user.pk}/change/"))


def test_change_of_rights_needs_the_right_to_change(ory: Any, site: UsersSite) -> None:
    me = staff(ory, site, "view_user", "change_user", age=STALE)
    path = f"/admin/auth/user/{other().pk}/change/"
    assert is_refresh(site.get(path))

    me.user_permissions.clear()
    may(me, "view_user")
    assert site.get(path).status_code == 200


# What model admins ask for.


def test_declared_action_is_sensitive(ory: Any, site: UsersSite) -> None:
    me, pk = staff(ory, site, age=STALE), order().pk

    def pick(*names: str, index: int = 0) -> Any:
        data = {"action": names, "index": index, "_selected_action": [pk]}
        return site.post("/admin/shop/order/", data)

    assert is_refresh(pick("refund_selected"))
    assert is_refresh(pick("print_selected", "refund_selected", index=1))
    assert Order.objects.get().number == "1"
    assert pick("print_selected").status_code == 302
    assert Order.objects.get().number == "printed"

    ory.login(site, user=me)
    assert pick("refund_selected").status_code == 302
    assert Order.objects.get().number == "refunded"


def test_action_that_deletes_under_another_name_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    customer = Customer.objects.create(name="Ann")

    assert is_refresh(
        site.post("/listed/shop/customer/", {"action": "wipe", "_selected_action": [customer.pk], "post": "yes"})
    )
    assert Customer.objects.exists()


@pytest.mark.parametrize("action", ["delete_selected", "refund_selected"])
def test_action_on_the_page_of_an_object_is_sensitive(ory: Any, site: UsersSite, action: str) -> None:
    """Django has them since 6.1, and lets whoever may see the object pick one."""
    staff(ory, site, "view_order", "delete_order", "view_customer", age=STALE)
    pk = order().pk
    assert site.get(f"/admin/shop/order/{pk}/change/").status_code == 200

    data = {"CHANGE_FORM-action": action, "_selected_action": [pk], "post": "yes"}
    assert is_refresh(site.post(f"/admin/shop/order/{pk}/change/", data))
    assert Order.objects.get().number == "1"


@pytest.mark.parametrize("path", ["{pk}/refund/", "export/"], ids=["by a theme", "by itself"])
def test_declared_view_that_a_model_admin_adds_is_sensitive(ory: Any, site: UsersSite, path: str) -> None:
    me, pk = staff(ory, site, age=STALE), Customer.objects.create(name="Ann").pk
    path = "/hiring/shop/customer/" + path.format(pk=pk)
    assert is_refresh(site.get(path))

    ory.login(site, user=me)
    assert site.get(path).status_code == 200


def test_view_that_a_model_admin_adds_takes_what_the_site_takes(ory: Any, site: UsersSite) -> None:
    assert "self-service/login" in location(site.get("/hiring/shop/customer/quiet/"))
    staff(ory, site, age=STALE)

    assert site.get("/hiring/shop/customer/quiet/").status_code == 200


@pytest.mark.parametrize("button", ["shop_customer_charge", "shop_customer_void"])
@pytest.mark.parametrize("path", ["{pk}/change/", "add/"])
def test_declared_button_of_a_theme_is_sensitive(ory: Any, site: UsersSite, path: str, button: str) -> None:
    staff(ory, site, age=STALE)
    path = "/hiring/shop/customer/" + path.format(pk=Customer.objects.create(name="Ann").pk)
    assert site.get(path).status_code == 200
    assert is_refresh(site.post(path, {"name": "Bob", button: ""}))
    assert not Customer.objects.filter(name="Bob").exists()

    assert site.post(path, {"name": "Bob"}).status_code == 302


def test_declared_view_is_sensitive(ory: Any, site: UsersSite) -> None:
    staff(ory, site, age=STALE)
    pk = order().pk

    assert is_refresh(site.get(f"/admin/shop/order/{pk}/history/"))
    assert site.get(f"/admin/shop/customer/{Order.objects.get().customer.pk}/history/").status_code == 200


@pytest.mark.parametrize("path", ["", "{pk}/history/"], ids=["policy", "Requirement"])
def test_policy_and_requirement_are_asked(ory: Any, site: UsersSite, path: str, settings: Any) -> None:
    settings.ORY_MFA_POLICIES = {"by key": {"aal": "aal2", "methods": ["webauthn"]}}
    user, pk = staff(ory, site), Customer.objects.create(name="Ann").pk
    refused = site.get("/linked/shop/customer/" + path.format(pk=pk))
    # A page says first what Ory is going to ask for.
    assert (refused.status_code, "your security key" in refused.content.decode()) == (403, True)
    assert site.get("/linked/shop/customer/add/").status_code == 200

    ory.login(site, user=user, methods={"webauthn"})
    assert site.get("/linked/shop/customer/" + path.format(pk=pk)).status_code == 200


def test_declared_level_takes_nothing_away(ory: Any, site: UsersSite) -> None:
    user, pk = staff_before_second_factor(ory, site), Customer.objects.create(name="Ann").pk
    assert is_step_up(site.get("/named/shop/customer/"))

    ory.login(site, user=user, age=STALE)
    assert site.get("/named/shop/customer/").status_code == 200
    assert is_refresh(site.get(f"/named/shop/customer/{pk}/delete/"))


def test_none_is_no_requirement_and_opens_nothing(ory: Any, site: UsersSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks name it, and a server does not run the checks."""
    monkeypatch.setattr(one_factor, "sensitive", None)
    monkeypatch.setattr(one_factor._registry[Customer], "ory_mfa_requirements", {"changelist": None}, raising=False)
    staff(ory, site)
    site.client.raise_request_exception = False
    pk = Customer.objects.create(name="Ann").pk

    assert site.get("/one_factor/").status_code == 200
    assert site.get("/one_factor/shop/customer/").status_code == 500
    assert site.post(f"/one_factor/shop/customer/{pk}/delete/", {"post": "yes"}).status_code == 500
    assert Customer.objects.exists()


def test_view_behind_a_decorator_is_known(ory: Any, site: UsersSite) -> None:
    """Not by its name, which a decorator may replace."""
    from django_ory_mfa.contrib.admin.requirements import Place, place_of

    model_admin = named._registry[Group]
    assert isinstance(model_admin, NamedGroup)

    def decorated(*args: Any) -> Any:
        return model_admin.delete_view(*args)

    assert place_of(decorated) == Place()
    decorated.__wrapped__ = model_admin.delete_view  # type: ignore[attr-defined]
    assert place_of(decorated) == Place(model_admin, "delete")
    assert place_of(listed.index) == Place()
    assert place_of(model_admin.get_urls) == Place(model_admin, is_own=True)


def test_rights_stand_in_the_models_that_users_inherit_from(settings: Any) -> None:
    # Any model with a parent will do.
    settings.AUTH_USER_MODEL = "shop.GiftOrder"

    owners = [ModelAdmin(model, listed) for model in (Order, GiftOrder, Customer)]
    assert [holds_rights(owner) for owner in owners] == [True, True, False]
