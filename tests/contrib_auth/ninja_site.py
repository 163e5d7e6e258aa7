"""Operations of django-ninja on a site with users."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.urls import path
from ninja import NinjaAPI

from django_ory_mfa.contrib.ninja import OryAuth, install
from django_ory_mfa.enforcement import require_aal

api = NinjaAPI(urls_namespace="users", docs_url=None, auth=OryAuth("aal1"))
install(api)


@api.get("/who")
def who(request: Any) -> Any:
    return {"name": request.user.get_username(), "auth": str(request.auth)}


@api.get("/writes")
def writes(request: Any) -> Any:
    get_user_model().objects.create(username="written")
    require_aal(request, "aal2")
    return {}


@api.get("/forbids")
def forbids(request: Any) -> Any:
    get_user_model().objects.create(username="written")
    raise PermissionDenied


def audit(request: Any) -> None:
    """Knows nobody, and writes."""
    get_user_model().objects.create(username="written")


@api.api_operation(["GET", "POST"], "/audited", auth=[audit, OryAuth("aal1")])
def audited(request: Any) -> Any:
    return {}


urlpatterns = [path("", api.urls)]
