"""Admin sites where objects of one model are changed beside those of another, or in a list."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.urls import include, path, re_path

from django_ory_mfa.core.requirement import Requirement
from tests.contrib_admin.rights_sites import Membership, NamedGroup, site_of
from tests.contrib_admin.shop.models import Customer, GiftOrder, Order, Reorder


class Orders(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = Order
    extra = 0


class Reorders(Orders):
    model = Reorder


class WithOrders(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    save_as = True
    inlines = (Orders,)


class WithOldRoute(WithOrders):
    """A route without names, as sites from before Django 2 have them."""

    def get_urls(self) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return self.admin_site.admin_view(self.change_view)(*args, **kwargs)

        return [re_path(r"^(\d+)/old/$", update_wrapper(wrapper, self.change_view)), *super().get_urls()]


class WithYieldedMembers(NamedGroup):
    """Rows that only the method has from which Django makes them."""

    def get_formsets_with_inlines(self, request: Any, obj: Any = None) -> Any:
        yield from super().get_formsets_with_inlines(request, obj)
        members = Membership(Group, self.admin_site)
        yield members.get_formset(request, obj), members


class WithReorders(WithOrders):
    inlines = (Reorders,)


class Gifts(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = GiftOrder
    extra = 0


class ByObject(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Orders beside a customer who is saved already, as sites leave the rows away that need an object."""

    def get_inlines(self, request: Any, obj: Any) -> Any:
        return (Orders,) if obj else ()


class InstancesByObject(WithOrders):
    """The same, in the other method for it."""

    def get_inline_instances(self, request: Any, obj: Any = None) -> Any:
        return super().get_inline_instances(request, obj) if obj else []


class WithGifts(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    inlines = (Gifts,)


class Editable(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    list_display = ("id", "number")
    list_editable = ("number",)
    save_as = True


def asks(base: Any, *keys: str) -> Any:
    """A model admin that asks for a fresh proof for ``keys``."""
    return type("Asking", (base,), {"ory_mfa_requirements": dict.fromkeys(keys, "sensitive")})


class Addressed(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    fields: ClassVar = ("first_name", "email")


class ShownMembership(Membership):
    """Members who are taken out of a group, and whose names cannot be changed there."""

    readonly_fields = ("user", "group")


class WithShownMembers(NamedGroup):
    inlines = (ShownMembership,)


class ByKey(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It asks for a security key."""

    ory_mfa_requirements: ClassVar = {"change": Requirement("aal2", methods={"webauthn"})}


Plain = admin.ModelAdmin
sites = (
    site_of("adds", (Customer, WithOrders), (Order, asks(Editable, "add"))),
    site_of("changes", (Customer, WithOrders), (Order, asks(Editable, "change"))),
    site_of("deletes", (Customer, WithOrders), (Order, asks(admin.ModelAdmin, "delete"))),
    site_of("by_object", (Customer, ByObject), (Order, asks(Editable, "change"))),
    site_of("instances", (Customer, InstancesByObject), (Order, asks(Editable, "change"))),
    site_of("old", (Customer, WithOldRoute), (Order, asks(Editable, "change"))),
    site_of("proxied", (Customer, WithOrders), (Reorder, asks(Editable, "change"))),
    site_of("by_proxy", (Customer, WithReorders), (Order, asks(Editable, "change"))),
    site_of("heirs", (Order, asks(admin.ModelAdmin, "change", "delete")), (GiftOrder, Plain), (Reorder, Plain)),
    site_of("parents", (Order, Plain), (GiftOrder, asks(admin.ModelAdmin, "change")), (Reorder, ByKey)),
    site_of("gifts", (Customer, WithGifts), (Order, asks(admin.ModelAdmin, "add"))),
    site_of("unregistered", (Customer, WithOrders)),
    site_of("shown", (Group, WithShownMembers)),
    site_of("yielded", (Group, WithYieldedMembers)),
    site_of("meaning", (Permission, admin.ModelAdmin), (ContentType, admin.ModelAdmin), (User, Addressed)),
)
urlpatterns = [
    *(path(f"{site.name}/", site.urls) for site in sites),
    path("", include("tests.contrib_admin.urls")),
]
