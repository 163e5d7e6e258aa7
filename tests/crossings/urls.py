"""Every page of the walk, below /sync/ and /async/."""

from __future__ import annotations

from typing import Any

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from tests.crossings.admin_sites import SITES
from tests.crossings.pages import names, page, shows
from tests.crossings.stops import WAYS
from tests.crossings.ways import GUARD, below


def pages(mode: str) -> list[Any]:
    shows, names = page(mode, reads=True), page(mode, reads=False)
    return [
        path("page/guarded", GUARD(shows)),
        path("page/shown", shows),
        path("page/policy", names),
        path("slash/", names),
        *(below(name, way, mode) for name, way in WAYS.items()),
    ]


urlpatterns = [
    path("sync/", include(pages("sync"))),
    path("async/", include(pages("async"))),
    path("section/<section>", shows, name="section"),
    path("admin/doc/", include("django.contrib.admindocs.urls")),
    path("admin/", admin.site.urls),
    *(path(f"admin-{situation}/", site.urls) for situation, site in SITES.items()),
    *i18n_patterns(path("vault/", names)),
]
