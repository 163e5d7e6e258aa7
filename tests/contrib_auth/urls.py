from __future__ import annotations

from typing import Any

from django.urls import include, path

from django_ory_mfa.decorators import aal_required
from tests.contrib_auth import views

NAMES = (
    "me",
    "quiet",
    "twice",
    "failing",
    "in_template",
    "in_late_template",
    "named_in_template",
    "swallowing_then_answering",
    "answering",
    "notes",
    "late_notes",
    "session_only",
    "session_then_user",
    "written_then_user",
    "form",
    "form_then_user",
    "session_then_form",
    "private",
    "editors_only",
)


def spelling(mode: str) -> list[Any]:
    a = "a" if mode == "async" else ""
    return [
        *(path(name, getattr(views, f"{a}{name}")) for name in NAMES),
        path("guarded", aal_required("aal1")(getattr(views, f"{a}me"))),
        path("guarded/notes", aal_required("aal1")(getattr(views, f"{a}notes"))),
        path("guarded/session_only", aal_required("aal1")(getattr(views, f"{a}session_only"))),
        path("guarded/aal2", aal_required("aal2")(getattr(views, f"{a}me"))),
    ]


urlpatterns = [
    path("sync/", include(spelling("sync"))),
    path("async/", include(spelling("async"))),
    path("async/together", views.atogether),
    path("async/unawaited", views.unawaited),
    path("async/guarded/blocking_session", aal_required("aal1")(views.blocking_session)),
    path("async/blocking_session_after_user", views.blocking_session_after_user),
    path("async/unawaited_in_template", views.unawaited_in_template),
    path("account/security/", include("django_ory_mfa.urls")),
]
