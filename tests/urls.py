from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests import views


def spelling(mode: str) -> list[Any]:
    a = "a" if mode == "async" else ""
    page, class_based = getattr(views, f"{a}page"), views.AsyncPage if a else views.Page
    return [
        path("public", page),
        path("session", getattr(views, f"{a}session_of")),
        path("tags", getattr(views, f"{a}tags")),
        path("inside/<str:aal>", getattr(views, f"{a}required_inside")),
        path("in-template", getattr(views, f"{a}required_in_template")),
        path("exempt", getattr(views, f"{a}exempt")),
        path("csrf-exempt/inside/<str:aal>", csrf_exempt(getattr(views, f"{a}required_inside"))),
        path("class/default", class_based.as_view()),
        path("class/aal1", class_based.as_view(required_aal="aal1")),
        path("class/fresh", class_based.as_view(required_aal="aal2", max_age=600)),
        path("csrf-exempt/class/aal2", csrf_exempt(class_based.as_view(required_aal="aal2"))),
        *(path(name, guard(page)) for name, guard in views.GUARDS.items()),
        *(path(f"csrf-exempt/{name}", csrf_exempt(guard(page))) for name, guard in views.GUARDS.items()),
    ]


urlpatterns = [
    path("sync/", include(spelling("sync"))),
    path("async/", include(spelling("async"))),
    path("account/security/", include("django_ory_mfa.urls")),
]
