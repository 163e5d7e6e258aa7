from __future__ import annotations

from django.urls import include, path

from . import views  # noqa: TID252 (this site runs with a path of its own)

urlpatterns = [
    path("fresh/", views.fresh),
    path("recent/", views.recent),
    path("never/", views.never),
    path("script/", views.script),
    path("library/<str:name>/", views.library),
    path("order/", views.order),
    path("stock/", views.stock),
    path("step-up-js/", views.step_up),
    path("counted/", views.counted),
    path("", include("example.urls")),
]
