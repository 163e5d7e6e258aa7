"""A site whose views give no check anything to say."""

from __future__ import annotations

from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from tests.views import Page, page

urlpatterns = [
    path("", page),
    path("guarded/", aal_required(page)),
    path("fresh/", aal_required("aal2", max_age=600, methods={"totp", "webauthn"})(page)),
    path("callable/", aal_required(requirement=lambda request: None)(page)),
    path("class/", Page.as_view(required_aal="aal1")),
    path("account/security/", include("django_ory_mfa.urls")),
]
