from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.contrib_auth.site import UsersSite

# They need users and a database: tests/contrib/test_auth.py runs them with settings that have both.
if settings.SETTINGS_MODULE != "tests.contrib_auth.settings":
    collect_ignore_glob = ["test_*.py"]
elif settings.AUTH_USER_MODEL == "auth.User":
    collect_ignore = ["test_custom_keys.py", "test_custom_models.py"]
elif settings.AUTH_USER_MODEL in ("people.KeyUser", "people.PersonUser"):
    collect_ignore_glob = ["test_[!c]*.py", "test_custom_models.py"]
else:
    collect_ignore_glob = ["test_[!c]*.py", "test_custom_keys.py"]


@pytest.fixture
def site(mode: str) -> UsersSite:
    """The site under test in one mode."""
    return UsersSite(mode)


@pytest.fixture
def sent() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The signals of the test, by name and arguments, in their order."""
    from django_ory_mfa.contrib.auth import signals

    heard: list[tuple[str, dict[str, Any]]] = []
    names = {getattr(signals, name): name for name in ("user_created", "user_synced", "user_refused")}

    def hear(sender: Any, *, signal: Any, **named: Any) -> None:
        heard.append((names[signal], {"sender": sender, **named}))

    for signal in names:
        signal.connect(hear)
    yield heard
    for signal in names:
        signal.disconnect(hear)
