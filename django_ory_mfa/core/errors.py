"""The ids of the errors in a refusal, which front ends branch on.

Those of Ory: https://www.ory.sh/docs/kratos/concepts/ui-user-interface#ui-error-codes
"""

from __future__ import annotations

from enum import StrEnum

# For API requests that fail the CSRF check; it depends on no session, so it belongs to no outcome.
CSRF_FAILED = "csrf_failed"


class ErrorId(StrEnum):
    """The values of ``error.id`` in Ory's JSON and in ours."""

    LOGIN = "session_inactive"
    STEP_UP = "session_aal2_required"
    ENROLL = "session_aal2_enrollment_required"
    # These three are ours, and unknown to Ory.
    REFRESH = "session_refresh_required"
    UNAVAILABLE = "ory_unavailable"
    FORBIDDEN = "forbidden"
