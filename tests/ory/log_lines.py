"""What the log says of an Ory that gives no usable answers."""

from __future__ import annotations

from django.conf import settings


def outage_line(reason: str) -> str:
    """The line at the start of an outage."""
    advice = "To find out why, run: manage.py ory_mfa doctor"
    return f"Ory at {settings.ORY_MFA_SDK_URL} gives no usable answers: {reason}. {advice}"


def one_failure(reason: str) -> str:
    """The line for a failure that is no outage."""
    return f"Ory at {settings.ORY_MFA_SDK_URL} gave no usable answer: {reason}"
