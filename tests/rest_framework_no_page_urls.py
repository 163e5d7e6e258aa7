"""Views of Django REST framework that have no page, and are exempt from the policy or declare a weak level."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.decorators import method_decorator
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from django_ory_mfa.decorators import aal_exempt, aal_required


class Api(APIView):  # type: ignore[misc]  # mypy does not look into it
    """Django REST framework answers the exception itself."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Any) -> Response:
        raise NotFound


class DeclaringApi(Api):
    required_aal = "aal1"


@method_decorator(aal_exempt, name="dispatch")
class FreeApi(Api):
    pass


class HttpApi(Api):
    def get(self, request: Any) -> Response:
        raise Http404


urlpatterns = [
    path("api/exempt", aal_exempt(Api.as_view())),
    path("api/exempt-http404", aal_exempt(HttpApi.as_view())),
    path("api/exempt-dispatch", FreeApi.as_view()),
    path("api/aal1", aal_required("aal1")(Api.as_view())),
    path("api/declaring", DeclaringApi.as_view()),
]
