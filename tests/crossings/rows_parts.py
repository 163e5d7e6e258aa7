"""Rows of the table: parts of other crossings, and what only looks like a crossing."""

from __future__ import annotations

from tests.crossings.table import Part

GENERIC = "django.views.generic"
CONTRIB = "django.contrib"
DATES = ("ArchiveIndex", "DateDetail", "DayArchive", "MonthArchive", "TodayArchive", "WeekArchive", "YearArchive")
EDITS = ("Create", "Delete", "Form", "Update")
# Part: the crossing whose row holds for it.
WHOLES = {
    "django.conf.global_settings.CSRF_FAILURE_VIEW": "django.views.csrf.csrf_failure",
    f"{CONTRIB}.admin.views.main.ChangeList": f"{CONTRIB}.admin.options.ModelAdmin",
    f"{CONTRIB}.admin.views.main.ChangeListSearchForm": f"{CONTRIB}.admin.options.ModelAdmin",
    f"{CONTRIB}.admindocs.views.BaseAdminDocsView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.ModelDetailView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.ModelIndexView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.TemplateDetailView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.TemplateFilterIndexView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.TemplateTagIndexView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.admindocs.views.ViewDetailView": f"{CONTRIB}.admindocs.views.ViewIndexView",
    f"{CONTRIB}.auth.mixins.AccessMixin": f"{CONTRIB}.auth.mixins.LoginRequiredMixin",
    f"{CONTRIB}.auth.views.PasswordContextMixin": f"{CONTRIB}.auth.views.PasswordResetView",
    f"{CONTRIB}.auth.views.RedirectURLMixin": f"{CONTRIB}.auth.views.LoginView",
    f"{CONTRIB}.flatpages.views.render_flatpage": f"{CONTRIB}.flatpages.views.flatpage",
    f"{CONTRIB}.staticfiles.handlers.StaticFilesHandlerMixin": f"{CONTRIB}.staticfiles.handlers.StaticFilesHandler",
    "django.core.handlers.base.BaseHandler": "django.core.handlers.wsgi.WSGIHandler",
    "django.utils.decorators.decorator_from_middleware": "django.views.decorators.http.conditional_page",
    "django.utils.decorators.decorator_from_middleware_with_args": "django.views.decorators.cache.cache_page",
    "django.utils.decorators.make_middleware_decorator": "django.views.decorators.http.conditional_page",
    "django.utils.deprecation.MiddlewareMixin": "django.middleware.http.ConditionalGetMiddleware",
    "django.views.debug.ExceptionReporter": "django.views.debug.technical_500_response",
    "django.views.debug.SafeExceptionReporterFilter": "django.views.debug.technical_500_response",
    "django.views.debug.get_caller": "django.views.debug.technical_404_response",
    "django.views.debug.get_exception_reporter_class": "django.views.debug.technical_500_response",
    "django.views.debug.get_exception_reporter_filter": "django.views.debug.technical_500_response",
    f"{GENERIC}.base.ContextMixin": f"{GENERIC}.base.TemplateView",
    f"{GENERIC}.base.TemplateResponseMixin": f"{GENERIC}.base.TemplateView",
    **{f"{GENERIC}.dates.Base{name}View": f"{GENERIC}.dates.{name}View" for name in DATES},
    f"{GENERIC}.dates.BaseDateListView": f"{GENERIC}.dates.ArchiveIndexView",
    f"{GENERIC}.dates.DateMixin": f"{GENERIC}.dates.DateDetailView",
    f"{GENERIC}.dates.DayMixin": f"{GENERIC}.dates.DayArchiveView",
    f"{GENERIC}.dates.MonthMixin": f"{GENERIC}.dates.MonthArchiveView",
    f"{GENERIC}.dates.WeekMixin": f"{GENERIC}.dates.WeekArchiveView",
    f"{GENERIC}.dates.YearMixin": f"{GENERIC}.dates.YearArchiveView",
    f"{GENERIC}.detail.BaseDetailView": f"{GENERIC}.detail.DetailView",
    f"{GENERIC}.detail.SingleObjectMixin": f"{GENERIC}.detail.DetailView",
    f"{GENERIC}.detail.SingleObjectTemplateResponseMixin": f"{GENERIC}.detail.DetailView",
    **{f"{GENERIC}.edit.Base{name}View": f"{GENERIC}.edit.{name}View" for name in EDITS},
    f"{GENERIC}.edit.DeletionMixin": f"{GENERIC}.edit.DeleteView",
    f"{GENERIC}.edit.FormMixin": f"{GENERIC}.edit.FormView",
    f"{GENERIC}.edit.ModelFormMixin": f"{GENERIC}.edit.UpdateView",
    f"{GENERIC}.edit.ProcessFormView": f"{GENERIC}.edit.FormView",
    f"{GENERIC}.list.BaseListView": f"{GENERIC}.list.ListView",
    f"{GENERIC}.list.MultipleObjectMixin": f"{GENERIC}.list.ListView",
    f"{GENERIC}.list.MultipleObjectTemplateResponseMixin": f"{GENERIC}.list.ListView",
}
GEOGRAPHIC = "; the test does not come by, since it would need GDAL"
PARTS = [
    *(Part(name=name, whole=whole) for name, whole in WHOLES.items()),
    *(
        Part(name=f"{CONTRIB}.gis.sitemaps.views.{name}", whole=f"{CONTRIB}.sitemaps.views.sitemap", note=GEOGRAPHIC)
        for name in ("kml", "kmz")
    ),
]
# What discovery finds and no page meets.
NO_CROSSINGS = {
    "django.contrib.admin.decorators.action": "names an action of the admin",
    "django.contrib.admin.decorators.display": "names a column of the admin",
    "django.contrib.admin.decorators.register": "registers a model with the admin",
    "django.contrib.sitemaps.views.SitemapIndexItem": "a line of an index of sitemaps",
    "django.views.debug.CallableSettingWrapper": "a value in an error report",
}
