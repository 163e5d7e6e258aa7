"""What one check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """From good to bad; ``SKIPPED`` says nothing about Ory."""

    OK = "ok"
    SKIPPED = "not checked"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict of one check, why, and the line to change if there is one."""

    check: str
    status: Status
    reason: str
    fix: str = ""


def ok(check: str, reason: str) -> Result:
    """Nothing to do."""
    return Result(check, Status.OK, reason)


def skipped(check: str, reason: str, fix: str = "") -> Result:
    """Nobody knows; ``fix`` is what it would take to find out."""
    return Result(check, Status.SKIPPED, reason, fix)


def warning(check: str, reason: str, fix: str) -> Result:
    """It works, but not for everybody or not for ever."""
    return Result(check, Status.WARNING, reason, fix)


def failed(check: str, reason: str, fix: str) -> Result:
    """It does not work, or it lets the wrong people in."""
    return Result(check, Status.FAILED, reason, fix)
