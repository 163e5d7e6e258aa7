"""A page that is guarded, and whose view knows the Django user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required

from django_ory_mfa.decorators import aal_required


def user_required(view: Any) -> Any:
    """Ory has to know the visitor at the level of the site, and the user has to be one of Django's."""
    return aal_required(login_required(view))
