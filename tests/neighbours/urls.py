"""Each page for sync and for async code, and the pages of the neighbour."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from tests.neighbours import views
from tests.neighbours.table import chosen


def pages(page: Any, used: Any) -> list[Any]:
    return [
        path("public/", page, {"reads": False}),
        path("public/password/", views.password),
        path("public/used/", used),
        path("guarded/", aal_required("aal2")(page), {"reads": True}),
        path("policy/", page, {"reads": True}),
        path("used/", aal_required("aal2")(used)),
        path("fails/", aal_required("aal2")(views.fails)),
    ]


urlpatterns = [
    path("admin/", admin.site.urls),
    path("ory/", include("django_ory_mfa.urls")),
    path("sync/", include(pages(views.page, views.used))),
    path("async/", include(pages(views.apage, views.aused))),
    *(path(prefix, include(module)) for prefix, module in chosen().urls),
]
