"""Rows of the table: error handlers, pages for developers, and what serves files or requests."""

from __future__ import annotations

from tests.crossings.table import SERVERS, Row

NOWHERE = "The page for a path without a view reaches everybody: show nothing there that is not for everybody."
HANDLERS = [
    Row(name="django.conf.urls.handler400"),
    Row(name="django.conf.urls.handler403"),
    Row(
        name="django.conf.urls.handler404",
        policy=f"{NOWHERE} With status 200, as for a single-page application, it is refused like a view.",
    ),
    Row(name="django.conf.urls.handler500"),
    Row(
        name="django.contrib.staticfiles.handlers.ASGIStaticFilesHandler",
        guarded="safe: it serves files only.",
        shown="safe: it serves files only.",
        policy="Files below ``STATIC_URL`` reach everybody, since no middleware runs. ``runserver`` uses it.",
        test=SERVERS,
    ),
    Row(
        name="django.contrib.staticfiles.handlers.StaticFilesHandler",
        guarded="safe: it serves files only.",
        shown="safe: it serves files only.",
        policy="Files below ``STATIC_URL`` reach everybody, since no middleware runs. ``runserver`` uses it.",
        test=SERVERS,
    ),
    Row(name="django.core.handlers.asgi.ASGIHandler", test=SERVERS),
    Row(name="django.core.handlers.wsgi.WSGIHandler", test=SERVERS),
    Row(
        name="django.views.csrf.csrf_failure",
        guarded="It reaches everybody whose form has no CSRF token, with 403; private if it shows the session.",
        policy="It reaches everybody whose form has no CSRF token, with 403; private if it shows the session.",
    ),
    Row(
        name="django.views.debug.default_urlconf",
        guarded="No such case: it is the page of a site without URLs.",
        shown="No such case: it shows nobody.",
    ),
    Row(
        name="django.views.debug.technical_404_response", policy=f"{NOWHERE} With ``DEBUG`` it lists the URL patterns."
    ),
    Row(name="django.views.debug.technical_500_response"),
    Row(name="django.views.defaults.bad_request"),
    Row(name="django.views.defaults.page_not_found", policy=NOWHERE),
    Row(name="django.views.defaults.permission_denied"),
    Row(name="django.views.defaults.server_error", shown="safe: its template gets no request, so it shows nobody."),
]
