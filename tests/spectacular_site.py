"""A site that shows each person the part of its schema that they may use."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.views import SpectacularAPIView

from django_ory_mfa.contrib.rest_framework import OryAuthentication
from tests.drf_contrib_site import Both


class Schema(SpectacularAPIView):  # type: ignore[misc]  # mypy does not look into it
    serve_public = False
    authentication_classes = (OryAuthentication,)
    permission_classes = ()
    renderer_classes = (OpenApiJsonRenderer2,)


urlpatterns = [path("schema", Schema.as_view()), path("both", Both.as_view())]
