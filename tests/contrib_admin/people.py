"""The people of the shop: staff, customers, and what was sent for them."""

from __future__ import annotations

from itertools import count
from typing import Any

from django.contrib.auth.models import Permission, User

from tests.contrib_auth.site import UsersSite, statements
from tests.site import location

__all__ = [
    "UsersSite",
    "is_refresh",
    "is_step_up",
    "location",
    "may",
    "staff",
    "staff_before_second_factor",
    "statements",
]

# Older than the ten minutes of "sensitive".
STALE = 3600
numbers = count(1)


def staff(ory: Any, site: Any, *permissions: str, age: float = 0, aal: str = "aal2", **fields: Any) -> Any:
    """Signs a new member of staff in, a superuser unless ``permissions`` (codenames) are given; returns the user."""
    values = {"is_staff": True, "is_superuser": not permissions} | fields
    user = User.objects.create(username=f"staff{next(numbers)}", **values)
    may(user, *permissions)
    ory.login(site, user=user, aal=aal, age=age)
    return user


def staff_before_second_factor(ory: Any, site: Any) -> Any:
    """Signs a superuser in who has a second factor and has not used it; Ory shows who it is. Returns the user."""
    ory.required_aal = "aal1"
    user = staff(ory, site, aal="aal1")
    ory.identity_by_id(str(user.ory_identities.get().identity_id)).enrol("totp")
    return user


def may(user: Any, *permissions: str) -> None:
    """Gives ``user`` permissions by their codenames."""
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))


def is_step_up(response: Any) -> bool:
    """Whether Ory is to ask for a second factor."""
    return "/self-service/login/browser?aal=aal2" in location(response)


def is_refresh(response: Any) -> bool:
    """Whether Ory is to ask for a fresh proof."""
    return "/self-service/login/browser?" in location(response) and "refresh=true" in location(response)
