"""Mark the package's own views, and recognise them by that mark and not by their URLs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

MARK = "ory_mfa_own_view"


def own_view(view: View) -> View:
    """Mark ``view`` as one of the package's own, which the policy of the site exempts."""
    setattr(view, MARK, True)
    return view


def is_own_view(view: object) -> bool:
    """Whether ``view`` is one of the package's own, or a wrapper around one (``functools.wraps`` copies the mark)."""
    # SECURITY: not by the URL namespace, since a site may put its own views under app_name = "ory_mfa".
    return getattr(view, MARK, False) is True
