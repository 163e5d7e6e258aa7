"""Views that fail, with Django's own error handlers."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from tests.crossings.pages import afails, fails
from tests.crossings.ways import GUARD


def pages(view: Any) -> list[Any]:
    return [
        path("guarded/<int:status>", GUARD(view), {"reads": False}),
        path("shown/<int:status>", view, {"reads": True}),
        path("policy/<int:status>", view, {"reads": False}),
    ]


urlpatterns = [path("sync/", include(pages(fails))), path("async/", include(pages(afails)))]
