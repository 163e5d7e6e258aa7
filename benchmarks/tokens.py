"""A page of Django REST framework that believes the claims of a signed token."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication


def token_required(view: Any) -> Any:
    """``view`` for whoever has a token."""

    class Page(APIView):  # type: ignore[misc]  # without types
        authentication_classes = (JWTStatelessUserAuthentication,)
        permission_classes = (IsAuthenticated,)

        def get(self, request: Any) -> Any:
            """The page."""
            return view(request)

    return Page.as_view()
