"""Who the user of Django is, and what is left of the Django session, once somebody else is signed in at Ory.

With a database and ``django.contrib.auth``, and so in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ENGINES = ("db", "cached_db", "cache", "file", "signed_cookies")
SCENES = {
    # Nobody has looked: there is no user whose sign-out could be told.
    "who": ["switch"],
    "looked-before": ["logout of ann", "switch"],
    "read by a middleware": ["logout of ann", "switch"],
    "page without a view": ["logout of ann", "switch"],
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What visitors saw, by store, mode and scene."""
    folder: Path = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "tests.session_owner_site", str(folder)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("engine", ENGINES)
def test_user_and_session_of_django_end_with_the_person(
    played: dict[str, Any], engine: str, mode: str, scene: str
) -> None:
    seen = played[f"{engine} {mode} {scene}"]

    assert (seen["before"], seen["again"], seen["told before"]) == ("ann ann", "ann ann", [])
    assert seen["after"] == "AnonymousUser empty"
    assert seen["then"] == "bob bob"
    assert seen["heard"] == SCENES[scene]


@pytest.mark.parametrize("engine", ENGINES)
def test_page_of_an_error_shows_nothing_of_the_first_person(played: dict[str, Any], engine: str, mode: str) -> None:
    """The error is one of the site's own, in a receiver of Django's ``user_logged_out``."""
    assert played[f"{engine} {mode} failing"] == {"status": 500, "shows": "AnonymousUser empty"}


@pytest.mark.parametrize("engine", ENGINES)
def test_sign_out_ends_the_session_of_django_and_tells_its_receivers(
    played: dict[str, Any], engine: str, mode: str
) -> None:
    assert played[f"{engine} {mode} sign-out"] == {
        "status": 303,
        "heard": ["logout of ann"],
        "shows": "AnonymousUser empty",
    }
