"""Report the time spent on calls to Ory in the ``Server-Timing`` header."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpResponseBase


def show_timings(response: HttpResponseBase, timings: list[tuple[str, float]]) -> None:
    """Add to ``response`` the calls to Ory and how long each took (https://www.w3.org/TR/server-timing/)."""
    shown = [f'ory;dur={seconds * 1000:.1f};desc="{what}"' for what, seconds in timings]
    before = response.get("Server-Timing")
    response.headers["Server-Timing"] = ", ".join([before, *shown] if before else shown)
