"""No page yet: with ``DEBUG`` Django then says that the installation worked."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
