"""The tutorial, followed to the letter: what it tells to write, type and open works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import PAGES, ROOT, blocks

PAGE = PAGES["tutorial/guarded-shop"]
STEPS_TO_THE_SECOND_FACTOR = PAGE.partition("\n6. See the second factor\n")[0]


def written(page: str) -> list[tuple[str, str]]:
    """The files that a page tells to write, in its order, with their text."""
    found = re.findall(r"^\.\. code-block:: \S+\n   :caption: (\S+)\n\n((?:    .*\n|\n)+)", page, re.MULTILINE)
    return [(name, re.sub(r"^    ", "", text, flags=re.MULTILINE).strip("\n") + "\n") for name, text in found]


class Shop:
    """The project of the tutorial in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("-m", "django", "startproject", "shop", ".")
        for name, text in written(PAGE):
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            # What it calls appending is the settings alone.
            before = file.read_text() if name == "shop/settings.py" else ""
            file.write_text(f"{before}\n{text}" if before else text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
        where = [] if os.environ.get("ORY_MFA_TEST_INSTALLED") else [str(ROOT)]
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=env | {"PYTHONPATH": os.pathsep.join(where)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("tutorial"))


def test_second_factor_is_seen_after_twelve_commands_at_most() -> None:
    commands = re.findall(r"^    \$ ", STEPS_TO_THE_SECOND_FACTOR, re.MULTILINE)

    assert 5 < len(commands) <= 12


@pytest.mark.parametrize("page", ["guarded-shop", "real-ory"])
def test_code_of_the_tutorial_is_no_wider_than_its_page(page: str) -> None:
    code = [
        line
        for language in ("python", "html+django")
        for text in blocks(language, f"tutorial/{page}")
        for line in text.split("\n")
    ]

    assert len(code) > 5
    assert [line for line in code if len(line) > 91] == []


def test_settings_pass_the_checks(shop: Shop) -> None:
    done = shop.run("manage.py", "check")

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


def test_report_lists_what_the_page_says(shop: Shop) -> None:
    done = shop.run("manage.py", "ory_mfa", "report")

    rows = [re.split(r"\s{2,}", line) for line in done.stdout.splitlines()]
    asked = {row[0]: row[1] for row in rows if len(row) > 1}
    assert asked["/orders/"] == "aal1"
    assert asked["/checkout/"] == "aal2"


def test_tests_that_it_writes_pass(shop: Shop) -> None:
    done = shop.run("manage.py", "test", "shop")

    assert "Ran 4 tests" in done.stderr
    assert done.returncode == 0, done.stderr
