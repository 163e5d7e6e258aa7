"""The table of crossings: complete, true, and printed as the pages of ``docs/reference/crossings``.

What it says is shown by ``tests/crossings``, which has a database and all of Django's contrib packages, and runs under
settings of its own. The suite around it proves that the package needs neither.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path

import django
import pytest

from tests.crossings.discovery import shipped
from tests.crossings.document import FOLDER, PAGES, documents
from tests.crossings.sections import ENTRIES, NO_CROSSINGS, PARTS, ROWS, SECTIONS
from tests.crossings.table import TESTS
from tests.site import MODES

ROOT = Path(__file__).resolve().parents[2]
VERSION = django.VERSION[:2]


def test_everything_that_django_ships_has_an_entry() -> None:
    assert shipped() - set(ENTRIES) - set(NO_CROSSINGS) == set()


def test_everything_with_an_entry_is_shipped_since_the_version_that_it_says() -> None:
    said = {name for name, entry in ENTRIES.items() if entry.since <= VERSION}

    assert said == (shipped() & set(ENTRIES))
    assert set(NO_CROSSINGS) - shipped() == set()


@pytest.mark.parametrize(
    ("file", "source", "name"),
    [
        ("middleware/new.py", "class NewMiddleware: pass", "NewMiddleware"),
        ("contrib/new/middleware.py", "class NewMiddleware(MiddlewareMixin): pass", "NewMiddleware"),
        ("core/new.py", "class New:\n    def process_view(self, request, *args): pass", "New"),
        ("contrib/new/pages.py", "class NewView(TemplateView): pass\nclass TemplateView(View): pass", "NewView"),
        ("views/decorators/new.py", "def new(view_func): pass", "new"),
        ("views/decorators/new.py", "new = decorator_from_middleware(New)", "new"),
        ("contrib/new/views.py", "def new(request): pass", "new"),
        ("contrib/new/sites.py", "class NewSite:\n    def new_view(self, request): pass", "NewSite"),
        ("conf/urls/__init__.py", "handler429 = defaults.new", "handler429"),
        ("conf/global_settings.py", 'NEW_VIEW = "django.views.new.new"', "NEW_VIEW"),
        ("db/transaction.py", "def new(using=None):\n    return x if callable(using) else y", "new"),
    ],
)
def test_discovery_finds_a_new_one(tmp_path: Path, file: str, source: str, name: str) -> None:
    path = tmp_path / "django" / file
    path.parent.mkdir(parents=True)
    path.write_text(source)

    found = shipped(tmp_path / "django")

    module = ".".join(("django", *Path(file).with_suffix("").parts)).removesuffix(".__init__")
    assert f"{module}.{name}" in found


def test_parts_have_a_whole() -> None:
    assert [part.name for part in PARTS if part.whole not in ROWS] == []


def test_versions_of_the_table_are_supported() -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")

    assert [
        entry.name
        for entry in ENTRIES.values()
        if f"Framework :: Django :: {entry.since[0]}.{entry.since[1]}" not in setup["metadata"]["classifiers"]
    ] == []


def test_table_is_printed_in_the_documentation() -> None:
    printed = {file: file.read_text() for file in FOLDER.glob("*.rst") if file.name != "index.rst"}

    assert printed == documents(), "python -m tests.crossings.document writes it"


def test_every_section_of_the_table_has_a_page() -> None:
    assert sorted(PAGES.values()) == sorted(SECTIONS)


@pytest.mark.parametrize("where", TESTS.values())
def test_tests_that_the_table_names_exist(where: str) -> None:
    file, _, name = where.partition("::")

    assert f"\ndef {name}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("mode", MODES)
def test_site_with_all_of_django_gives_nothing_away(mode: str) -> None:
    where = ["--import-mode=append"] if os.environ.get("ORY_MFA_TEST_INSTALLED") else []
    command = [sys.executable, "-m", "pytest", "--ds=tests.crossings.settings", "-q", "-p", "no:cacheprovider"]
    # Not measured, which would double the time: other tests run every line.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}

    done = subprocess.run(
        [*command, *where, "tests/crossings"],
        cwd=ROOT,
        env=env | {"CROSSINGS_MODE": mode},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
