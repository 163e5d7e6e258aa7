"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """From good to bad; ``SKIPPED`` is neither."""

    OK = "ok"
    SKIPPED = "not checked"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """The status of one check, the reason, and what to change if anything."""

    check: str
    status: Status
    reason: str
    fix: str = ""


def ok(check: str, reason: str) -> Result:
    """Return a result that needs no action."""
    return Result(check, Status.OK, reason)


def skipped(check: str, reason: str, fix: str = "") -> Result:
    """Return that it is unknown; ``fix`` is what is needed to find out."""
    return Result(check, Status.SKIPPED, reason, fix)


def warning(check: str, reason: str, fix: str) -> Result:
    """Return that it works, but not for everybody or not reliably."""
    return Result(check, Status.WARNING, reason, fix)


def failed(check: str, reason: str, fix: str) -> Result:
    """Return that it does not work, or lets people in who should be kept out."""
    return Result(check, Status.FAILED, reason, fix)
