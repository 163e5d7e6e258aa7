from __future__ import annotations

from django.conf import settings

# tests/test_contrib_admin.py runs them with settings that have an admin.
if settings.SETTINGS_MODULE != "tests.contrib_admin.settings":
    collect_ignore_glob = ["test_*.py"]
