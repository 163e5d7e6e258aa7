"""Where things are, and which modules are on the path of a request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "django_ory_mfa"
TESTS = ROOT / "tests"
CACHE = ROOT / ".mutants"
EXPLAINED = Path(__file__).with_name("explained.txt")

# No request enters these.
OFF_THE_PATH = {"checks", "contrib", "locale", "management", "testing"}
NO_DECISIONS = {"__init__.py", "apps.py", "urls.py"}
OTHERWISE_NAMED = {"templatetags/ory_mfa.py": "tests/test_tags.py"}


def sources() -> list[str]:
    """Every module of the package that is on the path of a request, ``core`` first, relative to the package."""
    found = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    on_path = [path for path in found if not OFF_THE_PATH & set(path.parts) and path.name not in NO_DECISIONS]
    return [str(path) for path in sorted(on_path, key=lambda path: (path.parts[0] != "core", path))]


def chosen(names: Iterable[str]) -> list[str]:
    """The modules that are named, or lie in a folder that is named; all, if none is."""
    wanted = [name.removeprefix("django_ory_mfa/").rstrip("/") for name in names]
    files = sources()
    found = {name: [file for file in files if file == name or file.startswith(f"{name}/")] for name in wanted}
    unknown = [name for name, below in found.items() if not below]
    if unknown:
        raise SystemExit(f"Not on the path of a request: {', '.join(unknown)}")
    return [file for file in files if not wanted or any(file in below for below in found.values())]


def own_tests(file: str) -> list[str]:
    """The file of tests that bears the name of the module, in its room; else all that do, wherever they lie."""
    if file in OTHERWISE_NAMED:
        return [OTHERWISE_NAMED[file]]
    path = TESTS / file
    test = path.with_name(f"test_{path.name}")
    found = [test] if test.is_file() else sorted(TESTS.rglob(test.name))
    return [str(path.relative_to(ROOT)) for path in found]
