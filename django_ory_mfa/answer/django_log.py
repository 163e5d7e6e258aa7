"""Keep what Django logs of a response within what a visitor may cause."""

from __future__ import annotations

from typing import TypeVar

R = TypeVar("R")


def spare_admins(response: R) -> R:
    """Return ``response``, our own, as one that Django need not log if its status is 500 or more.

    SECURITY: Django logs each such response as an error, and by default mails it to ``ADMINS``. A visitor can cause any
    number of them, so the log of this package says once a minute why Ory gave no answer.
    """
    if response.status_code >= 500:  # type: ignore[attr-defined]  # any response, also of Django REST framework
        # Read by django.utils.log.log_response.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response
