"""The ids of the errors in a refusal, which front ends branch on.

Those of Ory: https://www.ory.sh/docs/kratos/concepts/ui-user-interface#ui-error-codes
"""

from __future__ import annotations

from enum import StrEnum

# The answer of APIs to a forged request, whatever the session.
CSRF_FAILED = "csrf_failed"


class ErrorId(StrEnum):
    """What ``error.id`` says in the JSON of Ory, and in ours."""

    LOGIN = "session_inactive"
    STEP_UP = "session_aal2_required"
    ENROLL = "session_aal2_enrollment_required"
    # Not known to Ory.
    REFRESH = "session_refresh_required"
    UNAVAILABLE = "ory_unavailable"
    FORBIDDEN = "forbidden"
