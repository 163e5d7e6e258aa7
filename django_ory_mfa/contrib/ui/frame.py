"""What the frame of every page shows: which site this is, and the way to its start page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_ory_mfa.answer.pages import site_name
from django_ory_mfa.conf import conf

if TYPE_CHECKING:
    from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, str]:
    """Return the context of ``ory_mfa/base.html``."""
    return {"site_name": site_name(request), "home_url": conf.default_return_to}
