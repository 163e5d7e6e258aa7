"""The site of the scenarios: that of the other tests, and pages that want a proof within so many seconds."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from django_ory_mfa import Requirement
from django_ory_mfa.decorators import aal_required
from tests import urls, views


def within(request: Any) -> Requirement:
    return Requirement("aal2", max_age=float(request.resolver_match.kwargs["seconds"]))


urlpatterns = [
    *urls.urlpatterns,
    path("sync/", include([path("within/<seconds>", aal_required(requirement=within)(views.page))])),
    path("async/", include([path("within/<seconds>", aal_required(requirement=within)(views.apage))])),
]
