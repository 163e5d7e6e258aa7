"""What commands need from outside, and the Console API and the target that the options name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django_ory_mfa.management.control.access import api_key, api_url
from django_ory_mfa.management.control.console import TIMEOUT, Console
from django_ory_mfa.management.control.failures import UsageError
from django_ory_mfa.management.control.files import FileTarget
from django_ory_mfa.management.control.network import ALLOWED_IDS, NetworkTarget
from django_ory_mfa.management.control.options import ApiOptions, ProjectOptions, TargetOptions
from django_ory_mfa.management.control.targets import Target

NO_TARGET = (
    "Name the configuration: --project ID or SLUG (or ORY_PROJECT) for Ory Network, --file PATH for your own Kratos."
)


@dataclass(frozen=True, slots=True)
class Context:
    """The environment variables, the function that sleeps, and the time-outs of the Console API, in seconds."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    pause: Callable[[float], None] = time.sleep
    timeout: tuple[float, float] = TIMEOUT


def console_of(options: ApiOptions, context: Context) -> Console:
    """Return the Console API with its key; raises ``ControlError`` for an unsafe URL or an unusable key."""
    url = api_url(options.console_api_url, context.environment)
    key = api_key(options.api_key_file, context.environment)
    return Console(url, key, timeout=context.timeout, pause=context.pause)


def workspace_of(options: ApiOptions, context: Context) -> str | None:
    """Return the workspace that was named by option or environment."""
    return options.workspace or context.environment.get("ORY_WORKSPACE") or None


def target_of(options: TargetOptions, context: Context, *, in_place: bool = False) -> Target:
    """Return the files or the project that were named; raises ``UsageError`` if none was."""
    if options.file:
        return FileTarget(options.file, in_place=in_place, pause=context.pause)
    return project_of(options, context)


def project_of(options: ProjectOptions, context: Context, *, retries: bool = True) -> NetworkTarget:
    """Return the project that was named; raises ``UsageError`` if none was."""
    words = options.project or context.environment.get("ORY_PROJECT")
    if not words:
        raise UsageError(NO_TARGET)
    return NetworkTarget(
        console_of(options, context),
        words,
        pause=context.pause,
        workspace=workspace_of(options, context),
        allowed=context.environment.get(ALLOWED_IDS, "").lower().replace(",", " ").split(),
        is_verbose=options.verbosity > 1,
        retries=retries,
    )
