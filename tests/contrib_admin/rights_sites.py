"""Admin sites that show rights in all sorts of places."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_page

from django_ory_mfa.contrib.admin.sites import AALAdminSite
from django_ory_mfa.contrib.auth.models import OryIdentity
from django_ory_mfa.core.requirement import Requirement
from tests.contrib_admin.shop.models import Customer

Between: Any = User.groups.through


class Membership(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = Between


class Links(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = OryIdentity


class Listed(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """The list of users switches them on and off."""

    list_display = ("username", "is_active")
    list_editable = ("is_active",)


class ListedInPart(Listed):
    """The list can switch users off, though it does not show that column to everybody."""

    def get_list_display(self, request: Any) -> Any:
        return self.list_display if request.user.is_superuser else ("username",)


class Hiring(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Whoever is added can be made staff at once."""

    add_fieldsets = ((None, {"fields": ("username", "usable_password", "password1", "password2", "is_staff")}),)


class Paying(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Views of its own, as a model admin adds them, and as django-unfold makes them of its actions."""

    actions_detail = ("refund",)
    actions_submit_line = ("charge", {"title": "More", "items": ["void"]})
    ory_mfa_requirements: ClassVar = dict.fromkeys(("refund", "charge", "void", "export"), "sensitive")

    def refund(self, request: Any, object_id: str) -> HttpResponse:
        return HttpResponse("refunded")

    def export(self, request: Any) -> HttpResponse:
        return HttpResponse("exported")

    def quiet(self, request: Any) -> HttpResponse:
        return HttpResponse("quiet")

    def get_urls(self) -> Any:
        def wrap(view: Any) -> Any:
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return self.admin_site.admin_view(view)(*args, **kwargs)

            return update_wrapper(wrapper, view)

        return [
            path("<path:object_id>/refund/", wrap(self.refund)),
            path("export/", self.admin_site.admin_view(self.export)),
            path("quiet/", self.admin_site.admin_view(self.quiet)),
            *super().get_urls(),
        ]


class Named(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Users whose names can be changed, and nothing else."""

    fields = ("first_name",)


class WithPassword(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Users whose stored passwords can be written, and nothing else."""

    fields = ("password",)


class Shown(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Django's own form of users, without the fields for rights."""

    fieldsets = ((None, {"fields": ("username", "password")}),)
    filter_horizontal = ()


class NamedGroup(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Groups whose names can be changed, and their members beside."""

    fields = ("name",)
    inlines = (Membership,)


class Linked(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Users whose names can be changed, and who is linked to them."""

    fields = ("first_name",)
    inlines = (Links,)


class Wiping(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Django's deleting action under another name, a page with a policy of its own, and one in a cache."""

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        response = super().changelist_view(request, extra_context)
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin-plus-COEP"
        return response

    def get_urls(self) -> Any:
        cached = self.admin_site.admin_view(cache_page(60)(lambda request: HttpResponse("for one person")))
        return [path("cached/", cached), *super().get_urls()]

    def get_actions(self, request: Any, action_location: Any = None) -> Any:
        return {"wipe": (delete_selected, "wipe", "Wipe")}


class Weak(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It asks for less than the site."""

    ory_mfa_requirements: ClassVar = {"changelist": "aal1", "delete": Requirement("aal1")}


class ByKey(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """It asks for a security key."""

    ory_mfa_requirements: ClassVar = {"changelist": "by key", "history": Requirement("aal2", methods={"webauthn"})}


def site_of(name: str, *registered: Any) -> AALAdminSite:
    """An admin site of its own below ``/name/``."""
    site = AALAdminSite(name=name)
    for model, model_admin in registered:
        site.register(model, model_admin)
    return site


class OpenSite(AALAdminSite):
    """One factor is enough, but for what is sensitive."""

    required_aal = "aal1"


named = site_of("named", (User, Named), (Group, NamedGroup), (Between, admin.ModelAdmin), (Customer, Weak))
linked = site_of("linked", (User, Linked), (OryIdentity, admin.ModelAdmin), (Customer, ByKey))
in_part = site_of("in_part", (User, ListedInPart))
listed = site_of("listed", (User, Listed), (Group, GroupAdmin), (Customer, Wiping))
passwords = site_of("passwords", (User, WithPassword))
shown = site_of("shown", (User, Shown))
hiring = site_of("hiring", (User, Hiring), (Customer, Paying))
one_factor = OpenSite(name="one_factor")
one_factor.register(Customer)
sites = (named, linked, listed, in_part, passwords, shown, hiring, one_factor)
