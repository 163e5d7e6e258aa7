"""What the policy of the site asks of a view, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django_ory_mfa.conf import conf
from django_ory_mfa.declarations import Declared, SiteDefault, declared_by
from django_ory_mfa.return_to import APP_NAME


class Origin(StrEnum):
    """Where a requirement comes from, or why there is none."""

    VIEW = "view"
    RULE = "rule"
    SITE_DEFAULT = "site default"
    EXEMPT = "exempt"
    OWN_VIEW = "own view"


@dataclass(frozen=True, slots=True)
class Policy:
    """The requirement for one view, None if the policy lets everybody pass."""

    origin: Origin
    declared: Declared | None = None


def policy_for(view: Any, path_info: str, app_names: Iterable[str]) -> Policy:
    """What ``AALRequiredMiddleware`` asks of ``view`` at ``path_info``; ``app_names`` are those around its URL."""
    if getattr(view, "ory_mfa_exempt", False):
        return Policy(Origin.EXEMPT)
    if APP_NAME in app_names:
        return Policy(Origin.OWN_VIEW)
    declared = declared_by(view)
    if declared is not None:
        return Policy(Origin.VIEW, declared)
    for pattern, requirement in conf.rules:
        if pattern.match(path_info):
            return Policy(Origin.RULE, requirement)
    return Policy(Origin.SITE_DEFAULT, SiteDefault())
