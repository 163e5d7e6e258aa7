"""Check the cache that stores sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from django_ory_mfa.checks.order import names

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"

W005 = checks.Warning(
    "Sessions are cached in a LocMemCache that holds 300 entries.",
    hint=(
        "With more visitors it keeps evicting sessions and everything else in this cache. Set ORY_MFA_CACHE to a "
        "cache on Redis or Memcached, or give this one OPTIONS: {'MAX_ENTRIES': 10000} in CACHES."
    ),
    id="ory_mfa.W005",
)


def check_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The cache has room for the sessions, if they are cached."""
    seconds = getattr(settings, "ORY_MFA_CACHE_TTL", 0)
    if not isinstance(seconds, (int, float)) or seconds <= 0:
        return []
    alias = getattr(settings, "ORY_MFA_CACHE", "default")
    config = settings.CACHES.get(alias, {}) if isinstance(alias, str) else {}
    has_size = "MAX_ENTRIES" in config or "MAX_ENTRIES" in config.get("OPTIONS", {})
    is_locmem = LOCMEM in names(config.get("BACKEND", ""))
    return [W005] if is_locmem and not has_size else []
