"""One project as the platform stores it: patched, validated, normalised. It shares no code with what it tests.

It does what Ory's schema, CLI and Terraform provider show of the real platform, whose source is closed.
"""

from __future__ import annotations

import copy
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

CONFIG = ("services", "identity", "config")
IGNORED = (("serve",), ("cookies", "domain"), ("session", "cookie"))
BOOLS = (
    "selfservice/methods/code/enabled",
    "selfservice/methods/code/mfa_enabled",
    "selfservice/methods/code/passwordless_enabled",
    "selfservice/methods/totp/enabled",
    "selfservice/methods/lookup_secret/enabled",
    "selfservice/methods/webauthn/enabled",
    "selfservice/methods/webauthn/config/passwordless",
    "feature_flags/cacheable_sessions",
)
LEVELS = ("session/whoami/required_aal", "selfservice/flows/settings/required_aal")
DURATIONS = ("selfservice/flows/settings/privileged_session_max_age", "feature_flags/cacheable_sessions_max_age")
DEFAULTS = {"selfservice/methods/code/enabled": True, "selfservice/methods/code/mfa_enabled": False}


class Refused(Exception):  # noqa: N818 - the answer, not an error of ours
    """A 400 with this message and this reason."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


@dataclass
class Project:
    """The stored document; ``drops`` are paths of the configuration whose changes are dropped without an error."""

    document: dict[str, Any]
    drops: set[str] = field(default_factory=set)

    @property
    def config(self) -> dict[str, Any]:
        """The identity configuration."""
        found: dict[str, Any] = self.document["services"]["identity"]["config"]
        return found

    def patch(self, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Apply a JSON Patch completely or not at all, make a new revision, and return the warnings."""
        changed = copy.deepcopy(self.document)
        for operation in operations:
            _apply(changed, operation)
        config = changed["services"]["identity"]["config"]
        _judge(config)
        warnings = [warning for path in IGNORED if (warning := _restore(config, self.config, path))]
        for path in self.drops:
            _put(config, path, _get(self.config, path))
        for path, value in DEFAULTS.items():
            _put(config, path, _get(config, path) if _get(config, path) is not None else value)
        for path in DURATIONS:
            _put(config, path, _normal(_get(config, path)))
        self.document = changed
        self.renew()
        return warnings

    def renew(self) -> None:
        """Make a new revision, as after each write."""
        self.document["revision_id"] = str(uuid.uuid4())


def _apply(document: Any, operation: dict[str, Any]) -> None:
    names = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    if operation["op"] not in ("add", "remove", "replace"):
        raise Refused(f"unsupported operation: {operation['op']}", "An error occurred when applying the JSON patch")
    for name in names[:-1]:
        if not isinstance(document, dict) or name not in document:
            raise Refused("The request was malformed", f"path {operation['path']} has no parent")
        document = document[name]
    if operation["op"] != "add" and names[-1] not in document:
        raise Refused("The request was malformed", f"path {operation['path']} is not there")
    if operation["op"] == "remove":
        del document[names[-1]]
    else:
        document[names[-1]] = copy.deepcopy(operation["value"])


def _judge(config: dict[str, Any]) -> None:
    """Validate these keys as the schema of Kratos does."""
    faults = [f"{_at(path)} expected boolean" for path in BOOLS if not isinstance(_get(config, path), bool | None)]
    for path in LEVELS:
        if _get(config, path) not in (None, "aal1", "highest_available"):
            faults.append(f'{_at(path)} value must be one of "aal1", "highest_available"')
    for path in DURATIONS:
        if not re.fullmatch(r"([0-9]+(ns|us|ms|s|m|h))+", _get(config, path) or "0s"):
            faults.append(f"{_at(path)} does not match pattern")
    code = config["selfservice"]["methods"]["code"]
    if code.get("mfa_enabled") and code.get("passwordless_enabled"):
        faults.append(f"{_at('selfservice/methods/code')} anyOf failed")
    if faults:
        # A real trace is long and quotes the configuration.
        secret = config["courier"]["smtp"]["connection_uri"]
        trace = [*faults, f'I[#/courier/smtp/connection_uri] "{secret}"', *["I[#] S[#] oneOf failed"] * 40]
        raise Refused("The request was malformed or contained invalid parameters", "\n".join(trace))


def _at(path: str) -> str:
    return f"I[#/{path}] S[#/made-up]"


def _get(config: Any, path: str) -> Any:
    for name in path.split("/"):
        config = config.get(name) if isinstance(config, dict) else None
    return config


def _put(config: Any, path: str, value: Any) -> None:
    *parents, last = path.split("/")
    for name in parents:
        config = config.get(name)
        if not isinstance(config, dict):
            return
    if value is None:
        config.pop(last, None)
    else:
        config[last] = value


def _restore(config: dict[str, Any], before: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """Undo the change of a key that the platform manages, and return the warning about it."""
    name = "/".join(path)
    if _get(config, name) == _get(before, name):
        return None
    _put(config, name, _get(before, name))
    return {"code": 1001, "message": f"`{'.'.join(path)}` is managed by the platform and was ignored"}


def _normal(duration: str | None) -> str | None:
    """Return the duration as Go writes it."""
    if duration is None:
        return None
    sizes = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
    seconds = sum(int(number) * sizes[unit] for number, unit in re.findall(r"(\d+)(ns|us|ms|s|m|h)", duration))
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    shown = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{shown}{rest}s"
