"""Rows of the table: generic views, mixins, and views of the contrib packages."""

from __future__ import annotations

from tests.crossings.table import Row

GENERIC = "django.views.generic"
CONTRIB = "django.contrib"
AUTH = f"{CONTRIB}.auth.views"
MIXINS = f"{CONTRIB}.auth.mixins"
DOCS = f"{CONTRIB}.admindocs.views"
LEFT = "Left of ``AALRequiredMixin``, {who} is sent to ``LOGIN_URL`` before the guard is asked. Right of it: safe."
SIGN_OUT = "safe. It ends Django's session alone; ``ory_mfa:logout`` ends the Ory session too."
SIGN_IN = "safe: refused like any page. Free it with a rule if people sign in there."
GENERIC_VIEWS = (
    [Row(name=f"{GENERIC}.base.{name}") for name in ("RedirectView", "TemplateView", "View")]
    + [
        Row(name=f"{GENERIC}.dates.{name}")
        for name in (
            "ArchiveIndexView",
            "DateDetailView",
            "DayArchiveView",
            "MonthArchiveView",
            "TodayArchiveView",
            "WeekArchiveView",
            "YearArchiveView",
        )
    ]
    + [
        Row(name=f"{GENERIC}.detail.DetailView"),
        *(Row(name=f"{GENERIC}.edit.{name}") for name in ("CreateView", "DeleteView", "FormView", "UpdateView")),
        Row(name=f"{GENERIC}.list.ListView"),
        Row(name=f"{MIXINS}.LoginRequiredMixin", guarded=LEFT.format(who="whoever is not signed in with Django")),
        Row(name=f"{MIXINS}.PermissionRequiredMixin", guarded=LEFT.format(who="whoever is not signed in with Django")),
        Row(name=f"{MIXINS}.UserPassesTestMixin", guarded=LEFT.format(who="whoever fails the test")),
        Row(name=f"{CONTRIB}.messages.views.SuccessMessageMixin"),
    ]
)
CONTRIB_VIEWS = [
    Row(
        name=f"{CONTRIB}.admin.options.ModelAdmin",
        guarded="safe if ``admin_view()`` of the admin site wraps its pages in a guard.",
    ),
    Row(
        name=f"{CONTRIB}.admin.sites.AdminSite",
        guarded="safe if its ``admin_view()`` wraps pages in a guard. The sign-in page is not among them.",
        policy="safe, with the sign-in page of the admin.",
    ),
    Row(name=f"{CONTRIB}.admin.views.autocomplete.AutocompleteJsonView"),
    Row(name=f"{DOCS}.BookmarkletsView"),
    Row(name=f"{DOCS}.ViewIndexView"),
    Row(
        name=f"{CONTRIB}.auth.admin.UserAdmin",
        guarded="safe if ``admin_view()`` of the admin site wraps its pages in a guard.",
    ),
    Row(name=f"{AUTH}.LoginView", policy=SIGN_IN),
    Row(name=f"{AUTH}.LogoutView", shown=SIGN_OUT),
    *(
        Row(name=f"{AUTH}.{name}")
        for name in (
            "PasswordChangeDoneView",
            "PasswordChangeView",
            "PasswordResetCompleteView",
            "PasswordResetConfirmView",
            "PasswordResetDoneView",
            "PasswordResetView",
        )
    ),
    Row(name=f"{AUTH}.logout_then_login", shown=SIGN_OUT),
    Row(name=f"{CONTRIB}.contenttypes.views.shortcut"),
    Row(name=f"{CONTRIB}.flatpages.views.flatpage"),
    Row(name=f"{CONTRIB}.gis.views.feed"),
    Row(name=f"{CONTRIB}.sitemaps.views.index"),
    Row(name=f"{CONTRIB}.sitemaps.views.sitemap"),
    Row(name=f"{CONTRIB}.staticfiles.views.serve"),
    Row(name=f"{CONTRIB}.syndication.views.Feed"),
    Row(name="django.views.i18n.JSONCatalog"),
    Row(name="django.views.i18n.JavaScriptCatalog"),
    Row(name="django.views.i18n.set_language"),
    Row(name="django.views.static.serve"),
]
