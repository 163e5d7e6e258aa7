"""Three ways to ask for a level in Django REST framework: a permission, a stricter one, and one for each action."""

from __future__ import annotations

from itertools import count
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from django_ory_mfa import Requirement
from django_ory_mfa.contrib.rest_framework import AALPermission


class PersonSerializer(serializers.Serializer[Any]):
    """Who is signed in, and how well."""

    id = serializers.CharField()
    aal = serializers.CharField()


class RefundSerializer(serializers.Serializer[Any]):
    """Money that went back."""

    number = serializers.IntegerField(read_only=True)
    amount = serializers.DecimalField(max_digits=8, decimal_places=2, min_value=1)
    by = serializers.CharField(read_only=True, help_text="The identity that asked for it.")


class Me(APIView):
    """Signed in is enough (aal1)."""

    permission_classes = (AALPermission("aal1"),)

    @extend_schema(responses=PersonSerializer)
    def get(self, request: Request) -> Response:
        """Say who is signed in."""
        return Response(PersonSerializer({"id": request.auth.identity.id, "aal": request.auth.aal}).data)


class Refunds(ViewSet):
    """A second factor (aal2) for everything, and a fresh one for what cannot be undone."""

    permission_classes = (AALPermission("aal2"),)
    ory_mfa_requirements: ClassVar[dict[str, Requirement]] = {"create": Requirement("aal2", max_age=600)}

    numbers = count(1)
    # The example has no database: they are forgotten when it stops.
    made: ClassVar[list[dict[str, Any]]] = []

    @extend_schema(responses=RefundSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the refunds of everybody."""
        return Response(RefundSerializer(self.made, many=True).data)

    @extend_schema(
        request=RefundSerializer,
        responses={201: RefundSerializer},
        examples=[OpenApiExample("An amount", {"amount": "12.50"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Refund an amount, with a second factor that was given in the last ten minutes."""
        asked = RefundSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        refund = {"number": next(self.numbers), "by": request.auth.identity.id, **asked.validated_data}
        self.made.append(refund)
        return Response(RefundSerializer(refund).data, status=status.HTTP_201_CREATED)
