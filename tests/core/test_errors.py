"""The ids of errors. Front ends branch on them."""

from __future__ import annotations

from django_ory_mfa.core.errors import CSRF_FAILED, ErrorId


def test_ids_are_a_promise() -> None:
    assert {error.name: str(error) for error in ErrorId} == {
        "LOGIN": "session_inactive",
        "STEP_UP": "session_aal2_required",
        "ENROLL": "session_aal2_enrollment_required",
        "REFRESH": "session_refresh_required",
        "UNAVAILABLE": "ory_unavailable",
        "FORBIDDEN": "forbidden",
    }
    assert CSRF_FAILED == "csrf_failed"
