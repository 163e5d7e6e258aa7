"""The API and its OpenAPI page. The rules of the site leave its paths to its views."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from example.api.views import Me, Refunds

router = SimpleRouter()
router.register("refunds", Refunds, basename="refund")

urlpatterns = [
    path("me/", Me.as_view(), name="api-me"),
    path("", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[]), name="api-schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api-schema", permission_classes=[]), name="api-docs"),
]
