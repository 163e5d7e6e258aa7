"""The requirement of a view: a level, and optionally limits on the proof."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

HIGHEST_AVAILABLE = "highest_available"
LEVELS = ("aal1", "aal2", HIGHEST_AVAILABLE)
SECOND_FACTOR_ONLY = frozenset({"totp", "lookup_secret"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """A level, and optionally the maximum age of the proof and the methods that count.

    ``aal`` is ``"aal1"``, ``"aal2"`` or ``"highest_available"``; ``max_age`` is seconds or a ``timedelta`` and is kept
    as a ``timedelta``; ``methods`` is kept as a ``frozenset``. Impossible or invalid arguments raise ``ValueError`` or
    ``TypeError``.
    """

    aal: str
    max_age: timedelta | None
    methods: frozenset[str] | None

    def __init__(
        self, aal: str, max_age: float | timedelta | None = None, methods: Iterable[str] | None = None
    ) -> None:
        object.__setattr__(self, "aal", _level(aal))
        object.__setattr__(self, "max_age", None if max_age is None else _duration(max_age))
        object.__setattr__(self, "methods", None if methods is None else _methods(methods))
        if self.aal == "aal1" and self.methods and self.methods <= SECOND_FACTOR_ONLY:
            message = f"aal1 needs a first factor, and {', '.join(sorted(self.methods))} can only be a second one"
            raise ValueError(message)

    @property
    def wants_proof(self) -> bool:
        """Whether it also limits the age or the methods, so that the level alone does not decide."""
        return self.max_age is not None or self.methods is not None


Wanted = Requirement | str | None
# Takes the request. Any, so that functions annotated with HttpRequest or OryHttpRequest both fit.
RequirementCallable = Callable[[Any], Wanted | Awaitable[Wanted]]


def _level(aal: object) -> str:
    if aal not in LEVELS:
        message = f"aal must be one of {', '.join(LEVELS)}, not {aal!r}"
        raise ValueError(message)
    return str(aal)


def _duration(value: object) -> timedelta:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = _seconds(value)
    if not isinstance(value, timedelta):
        message = f"max_age must be seconds or a timedelta, not {value!r}"
        raise TypeError(message)
    if value <= timedelta(0):
        message = f"max_age must be above 0, not {value!r}"
        raise ValueError(message)
    return value


def _seconds(value: float) -> timedelta:
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError) as error:
        raise ValueError("max_age must be finite and within the range of a timedelta") from error


def _methods(value: object) -> frozenset[str]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        message = f"methods must be a set of method names, not {value!r}"
        raise TypeError(message)
    names = frozenset(value)
    if not all(isinstance(name, str) for name in names):
        message = f"methods must be a set of str, not {value!r}"
        raise TypeError(message)
    if not names or "" in names:
        message = "methods must name at least one method, and no name may be empty"
        raise ValueError(message)
    return names
