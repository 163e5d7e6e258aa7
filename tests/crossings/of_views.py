"""How Django's generic views, and the views of its contrib packages, are built into a site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admindocs import views as admindocs
from django.contrib.auth import mixins
from django.contrib.auth import views as auth
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.contrib.flatpages.models import FlatPage
from django.contrib.flatpages.views import flatpage
from django.contrib.gis.views import feed
from django.contrib.messages.views import SuccessMessageMixin
from django.contrib.sitemaps import GenericSitemap
from django.contrib.sitemaps.views import index, sitemap
from django.contrib.staticfiles.views import serve as serve_static
from django.contrib.syndication.views import Feed
from django.urls import path
from django.views import View as BaseView
from django.views import generic
from django.views.i18n import JavaScriptCatalog, JSONCatalog, set_language
from django.views.static import serve

from django_ory_mfa.mixins import AALRequiredMixin
from tests.crossings.pages import names, shows
from tests.crossings.ways import DJANGO_USERS, SESSIONS, USERS, ClassView, Decorator, View, Way

GET_ONLY = {405}
DAY = {"year": 2026, "month": 1, "day": 5}
DATED = {"model": User, "date_field": "date_joined"}
BY_DATE = {**DATED, "allow_empty": True}
BY_MONTH = {**BY_DATE, "month_format": "%m"}
GROUPS = {"model": Group, "fields": ["name"], "success_url": "/"}
SITEMAPS = {"sitemaps": {"flat": GenericSitemap({"queryset": FlatPage._default_manager.all()})}}
FORM = {"form_class": forms.Form, "success_url": "/"}
CHOICES = "?app_label=admin&model_name=logentry&field_name=user&term="


class Deletes(generic.DeleteView):  # type: ignore[type-arg]
    def get_object(self, queryset: Any = None) -> Group:
        return Group(pk=99, name="not stored")


class Saves(SuccessMessageMixin, generic.FormView):  # type: ignore[type-arg]
    success_message = "Saved."


class News(Feed):  # type: ignore[type-arg]
    title, link, description = "News", "/news/", "What is new"

    def items(self) -> list[str]:
        return []


class Shows(BaseView):
    def get(self, request: Any) -> Any:
        return shows(request)

    post = get


class Names(BaseView):
    def get(self, request: Any) -> Any:
        return names(request)

    post = get


def flat_object(request: Any) -> Any:
    return shortcut(request, ContentType.objects.get_for_model(FlatPage).pk, 1)


@dataclass(frozen=True, kw_only=True)
class Mixin(Decorator):
    """A mixin of Django that refuses people, left and right of ours."""

    decorate: Any = None
    mixin: type
    given: Any

    def paths(self, mode: str) -> Iterator[Any]:
        for place, bases in {
            "guarded/outside": (self.mixin, AALRequiredMixin, Shows),
            "guarded/inside": (AALRequiredMixin, self.mixin, Shows),
            "shown/around": (self.mixin, Shows),
            "policy/around": (self.mixin, Names),
        }.items():
            required = {"required_aal": "aal2"} if AALRequiredMixin in bases else {}
            yield path(place, type("Page", bases, {**self.given, **required}).as_view())  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Choices(ClassView):
    """The view of the admin's choices, which wants a query."""

    def stops(self, crossing: str) -> Iterator[Any]:
        for stop in super().stops(crossing):
            yield self.stop(crossing, stop.situation, stop.place, stop.url + CHOICES)


GENERIC = "django.views.generic"
MESSAGES = "django.contrib.messages.middleware.MessageMiddleware"
CONTRIB = "django.contrib"
AUTH = f"{CONTRIB}.auth.views"
MIXINS = f"{CONTRIB}.auth.mixins"
DOCS = f"{CONTRIB}.admindocs.views"
VIEWS: dict[str, Way] = {
    f"{GENERIC}.base.RedirectView": ClassView(view=generic.RedirectView, given={"url": "/elsewhere"}, signs=True),
    f"{GENERIC}.base.TemplateView": ClassView(view=generic.TemplateView, own=GET_ONLY),
    f"{GENERIC}.base.View": ClassView(view=Shows, signs=True),
    f"{GENERIC}.dates.ArchiveIndexView": ClassView(view=generic.ArchiveIndexView, given=BY_DATE, own=GET_ONLY),
    f"{GENERIC}.dates.DateDetailView": ClassView(
        view=generic.DateDetailView, given={**DATED, "month_format": "%m"}, kwargs={"pk": 1, **DAY}, own=GET_ONLY
    ),
    f"{GENERIC}.dates.DayArchiveView": ClassView(view=generic.DayArchiveView, given=BY_MONTH, kwargs=DAY, own=GET_ONLY),
    f"{GENERIC}.dates.MonthArchiveView": ClassView(
        view=generic.MonthArchiveView, given=BY_MONTH, kwargs=DAY, own=GET_ONLY
    ),
    f"{GENERIC}.dates.TodayArchiveView": ClassView(view=generic.TodayArchiveView, given=BY_DATE, own=GET_ONLY),
    f"{GENERIC}.dates.WeekArchiveView": ClassView(
        view=generic.WeekArchiveView, given=BY_DATE, kwargs={"year": 2026, "week": 2}, own=GET_ONLY
    ),
    f"{GENERIC}.dates.YearArchiveView": ClassView(
        view=generic.YearArchiveView, given=BY_DATE, kwargs={"year": 2026}, own=GET_ONLY
    ),
    f"{GENERIC}.detail.DetailView": ClassView(
        view=generic.DetailView, given={"model": User}, kwargs={"pk": 1}, own=GET_ONLY
    ),
    f"{GENERIC}.edit.CreateView": ClassView(view=generic.CreateView, given=GROUPS),
    f"{GENERIC}.edit.DeleteView": ClassView(view=Deletes, given={"success_url": "/"}),
    f"{GENERIC}.edit.FormView": ClassView(view=generic.FormView, given=FORM),
    f"{GENERIC}.edit.UpdateView": ClassView(view=generic.UpdateView, given=GROUPS, kwargs={"pk": 1}),
    f"{GENERIC}.list.ListView": ClassView(view=generic.ListView, given={"model": User}, own=GET_ONLY),
    f"{AUTH}.LoginView": ClassView(view=auth.LoginView, needs=USERS),
    f"{AUTH}.LogoutView": ClassView(view=auth.LogoutView, needs=DJANGO_USERS, own=GET_ONLY),
    f"{AUTH}.PasswordChangeDoneView": ClassView(view=auth.PasswordChangeDoneView, needs=USERS, own={302, 405}),
    f"{AUTH}.PasswordChangeView": ClassView(
        view=auth.PasswordChangeView, needs=USERS, given={"success_url": "/"}, own={302}
    ),
    f"{AUTH}.PasswordResetCompleteView": ClassView(view=auth.PasswordResetCompleteView, own=GET_ONLY),
    f"{AUTH}.PasswordResetConfirmView": ClassView(
        view=auth.PasswordResetConfirmView, needs=DJANGO_USERS, kwargs={"uidb64": "MQ", "token": "x"}
    ),
    f"{AUTH}.PasswordResetDoneView": ClassView(view=auth.PasswordResetDoneView, own=GET_ONLY),
    f"{AUTH}.PasswordResetView": ClassView(view=auth.PasswordResetView, given={"success_url": "/"}),
    f"{AUTH}.logout_then_login": View(view=auth.logout_then_login, needs=DJANGO_USERS, own=GET_ONLY),
    f"{MIXINS}.LoginRequiredMixin": Mixin(mixin=mixins.LoginRequiredMixin, given={}, needs=USERS, own={302}),
    f"{MIXINS}.PermissionRequiredMixin": Mixin(
        mixin=mixins.PermissionRequiredMixin, given={"permission_required": "auth.view_user"}, needs=USERS, own={302}
    ),
    f"{MIXINS}.UserPassesTestMixin": Mixin(
        mixin=mixins.UserPassesTestMixin,
        given={"test_func": lambda self: self.request.user.is_staff},
        needs=USERS,
        own={302},
    ),
    f"{CONTRIB}.admin.views.autocomplete.AutocompleteJsonView": Choices(
        view=AutocompleteJsonView, given={"admin_site": admin.site}, needs=USERS, signs=True, own={403, 405}
    ),
    f"{CONTRIB}.contenttypes.views.shortcut": View(view=flat_object),
    f"{CONTRIB}.flatpages.views.flatpage": View(view=flatpage, kwargs={"url": "/flat/"}),
    f"{CONTRIB}.gis.views.feed": View(view=feed, kwargs={"url": "news", "feed_dict": {"news": News}}),
    f"{CONTRIB}.messages.views.SuccessMessageMixin": ClassView(view=Saves, given=FORM, needs=(*SESSIONS, MESSAGES)),
    f"{CONTRIB}.sitemaps.views.index": View(view=index, kwargs={**SITEMAPS, "sitemap_url_name": "section"}),
    f"{CONTRIB}.sitemaps.views.sitemap": View(view=sitemap, kwargs=SITEMAPS),
    f"{CONTRIB}.staticfiles.views.serve": View(view=serve_static, kwargs={"path": "file.txt", "insecure": True}),
    f"{CONTRIB}.syndication.views.Feed": View(view=News()),
    "django.views.i18n.JSONCatalog": ClassView(view=JSONCatalog, signs=True, own=GET_ONLY),
    "django.views.i18n.JavaScriptCatalog": ClassView(view=JavaScriptCatalog, signs=True, own=GET_ONLY),
    "django.views.i18n.set_language": View(view=set_language),
    "django.views.static.serve": View(
        view=serve, kwargs={"path": "file.txt", "document_root": str(Path(__file__).parent / "static")}
    ),
    **{
        f"{DOCS}.{name}": ClassView(view=getattr(admindocs, name), needs=USERS, signs=True, own={405})
        for name in ("BookmarkletsView", "ViewIndexView")
    },
}
