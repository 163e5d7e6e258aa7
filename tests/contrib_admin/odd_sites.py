"""Admin sites whose rights stand where Django has none: user models of a site, rows in rows, lists made on the way."""

from __future__ import annotations

from functools import update_wrapper
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.forms import BaseInlineFormSet
from django.urls import include, path

from django_ory_mfa.contrib.admin.sites import AALAdminSite
from django_ory_mfa.contrib.auth.models import OryIdentity
from tests.contrib_admin.inline_sites import asks
from tests.contrib_admin.rights_sites import Links, site_of
from tests.contrib_admin.shop.models import (
    Agent,
    Clerk,
    Colleague,
    Contractor,
    Customer,
    Employee,
    GiftOrder,
    Keyed,
    KeyedChild,
    Member,
    Order,
    Porter,
)


class OneField(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its forms have the field that the query names, and no other."""

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return (request.GET["field"],)


class WithNewPassword(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its form for users who are there sets a password, by fields that are called as in Django's for adding users."""

    form = UserCreationForm
    fields = ("username", "password1", "password2")


class OwnOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Everybody may change one user, on a route that does not say which."""

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is not None

    def me(self, request: Any) -> Any:
        return self.changeform_view(request, str(request.user.pk))

    def get_urls(self) -> Any:
        me = self.admin_site.admin_view(update_wrapper(lambda request: self.me(request), self.change_view))
        return [path("me/", me), *super().get_urls()]


class TolerantSite(AALAdminSite):
    """It says which fields of users are harmless, and tries to say it of a right."""

    harmless_user_fields = ("phone", "is_staff", "customers", "last_login", "email")


class Serving(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = Colleague.customers.through


class WithServing(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    fields = ("name",)
    inlines = (Serving,)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in django-stubs only
    """It puts users into the group."""

    users = forms.ModelMultipleChoiceField(User.objects.all(), required=False)

    class Meta:
        model = Group
        fields = ("name",)


class WithUsers(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    form = GroupForm
    fields = ("name", "users")


class LaterForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in django-stubs only
    """It gets a field when it is made, and another one when it is sent."""

    class Meta:
        model = User
        fields = ("first_name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.last_name == "made" or self.data.get("last_name") == "sent":
            self.fields["make_superuser"] = forms.BooleanField(required=False)


class Later(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    form = LaterForm

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        return [(None, {"fields": ("first_name",)})]


class InitialForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in django-stubs only
    """It reads what Django gives to a form that is not sent and adds a user."""

    class Meta:
        model = User
        fields = ("username", "first_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args and kwargs.get("instance") is None:
            kwargs["initial"]["first_name"] = kwargs["initial"]["last_name"]
        super().__init__(*args, **kwargs)


class Initial(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    form = InitialForm


class RowForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in django-stubs only
    """It may get a field when it is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class RowFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its rows may get a field when they are made."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)


def with_gifts(**attributes: Any) -> Any:
    """A model admin of customers with rows of gift orders that show their numbers."""
    rows = type("Gifts", (admin.TabularInline,), {"model": GiftOrder, "fields": ("number",), **attributes})
    return type("WithGifts", (admin.ModelAdmin,), {"inlines": (rows,)})


class NumberSite(AALAdminSite):
    """Its users have numbers."""

    harmless_user_fields = ("number",)


def number_site(name: str, **attributes: Any) -> AALAdminSite:
    site = NumberSite(name=name)
    site.register(Customer, with_gifts(**attributes))
    return site


class Me(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """``me`` stands for one's own user, and one may change no other."""

    fields = ("first_name", "is_superuser")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is not None and obj.pk == request.user.pk

    def change_view(self, request: Any, object_id: Any, form_url: str = "", extra_context: Any = None) -> Any:
        object_id = str(request.user.pk) if object_id == "me" else object_id
        return super().change_view(request, object_id, form_url, extra_context)


class NestedUsers(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = User


class NestedGifts(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    model = GiftOrder


class UsersOfAnObject(NestedUsers):
    """Rows that may be sent beside an object that is there, and not beside a new one."""

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is not None

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return obj is not None

    has_delete_permission = has_change_permission


class Copied(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Whoever is there keeps the rights, and a copy may get others."""

    save_as = True

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return ("first_name",) if obj else ("username", "is_superuser")


class Rows(admin.TabularInline):  # type: ignore[type-arg]  # generic in django-stubs only
    """Rows with rows in them, as themes show them."""

    model = Order
    extra = 0
    inlines: ClassVar[Any] = None


class RowsByMethod(Rows):
    """As django-nested-admin has them."""

    inlines = (NestedUsers,)
    get_inline_instances = admin.ModelAdmin.get_inline_instances


class RowsInThemselves(Rows):
    pass


RowsInThemselves.inlines = (RowsInThemselves, NestedGifts)


def with_rows(base: Any, *inlines: Any) -> Any:
    """A model admin of customers with rows of ``base``, and ``inlines`` in these."""
    rows = type("RowsHere", (base,), {"inlines": inlines} if inlines else {})
    return type("WithRows", (admin.ModelAdmin,), {"inlines": (rows,)})


class LaterEditable(UserAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    """Its list is made editable for each request."""

    list_display = ("username", "is_superuser")

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        type(self).list_editable = ("is_superuser",)
        try:
            return super().changelist_view(request, extra_context)
        finally:
            type(self).list_editable = ()


class LaterEditableOrders(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in django-stubs only
    list_display = ("id", "number")
    ory_mfa_requirements: ClassVar = {"change": "sensitive"}

    def get_changelist_instance(self, request: Any) -> Any:
        found = super().get_changelist_instance(request)
        found.list_editable = ("number",)
        return found


OF_RIGHTS = (User, Group, OryIdentity, Permission, ContentType)
OF_SITES = (Colleague, Member, Employee, Contractor, Clerk, Porter, Agent, Keyed, KeyedChild)
Granting: Any = Group.permissions.through
tolerant = TolerantSite(name="tolerant")
tolerant.register([Colleague, Member, Keyed], OneField)
tolerant.register(Customer, WithServing)
sites = (
    site_of("one_field", *((model, OneField) for model in (*OF_RIGHTS, *OF_SITES)), (Customer, WithServing)),
    site_of("initial", (User, Initial)),
    site_of("later_fields", (User, Later), (Group, WithUsers)),
    site_of("me", (User, Me)),
    number_site("plain_rows"),
    number_site("own_form", form=RowForm),
    number_site("own_formset", formset=RowFormSet),
    site_of("granting", (Granting, admin.ModelAdmin)),
    tolerant,
    site_of("nested", (Customer, with_rows(Rows, NestedUsers))),
    site_of("nested_later", (Customer, with_rows(Rows, UsersOfAnObject)), (User, Copied)),
    site_of("by_method", (Customer, with_rows(RowsByMethod))),
    site_of("in_themselves", (Customer, with_rows(RowsInThemselves)), (GiftOrder, asks(admin.ModelAdmin, "change"))),
    site_of("later", (User, LaterEditable), (Order, LaterEditableOrders)),
    site_of("new_password", (User, WithNewPassword)),
    site_of("own_only", (User, OwnOnly)),
    site_of("links", (User, type("OfLinks", (admin.ModelAdmin,), {"fields": ("first_name",), "inlines": (Links,)}))),
)
urlpatterns = [
    *(path(f"{site.name}/", site.urls) for site in sites),
    path("", include("tests.contrib_admin.urls")),
]
