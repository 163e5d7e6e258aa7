"""A module of a site that cannot be imported: not for want of a name, but for an error of its own."""

from __future__ import annotations

raise RuntimeError("settings are not ready")
