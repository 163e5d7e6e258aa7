"""Classes of Django REST framework that the policy of a site looks at."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.utils.decorators import method_decorator
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from django_ory_mfa.decorators import aal_exempt
from django_ory_mfa.mixins import AALRequiredMixin


class Api:
    """What the tests need no part of."""

    authentication_classes: Any = ()
    permission_classes: Any = ()
    renderer_classes: Any = (JSONRenderer,)

    def get(self, request: Any) -> Response:
        return Response("open sesame")

    list = get


class Attribute(Api, APIView):  # type: ignore[misc]  # untyped library
    required_aal = "aal1"


class Mixed(AALRequiredMixin, Api, APIView):  # type: ignore[misc]  # untyped library
    required_aal = "aal2"


class Set(AALRequiredMixin, Api, ViewSet):  # type: ignore[misc]  # untyped library
    required_aal = "aal1"

    @action(detail=False, required_aal="aal2")
    def transfer(self, request: Any) -> Response:
        return Response("open sesame")


class BareSet(Api, ViewSet):  # type: ignore[misc]  # untyped library
    required_aal = "aal2"


@method_decorator(aal_exempt, name="dispatch")
class FreeSet(Api, ViewSet):  # type: ignore[misc]  # untyped library
    pass


class Child(FreeSet):
    required_aal = "aal2"


router = SimpleRouter()
for name, viewset in (("set", Set), ("bare", BareSet), ("free", FreeSet), ("child", Child)):
    router.register(name, viewset, basename=name)
urlpatterns = [path("attribute/", Attribute.as_view()), path("mixed/", Mixed.as_view()), path("", include(router.urls))]
