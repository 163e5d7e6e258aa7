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
# Where the tests of a module lie, if no file of them bears its name.
OTHERWISE_NAMED = {
    "decorators.py": ["tests/guard/test_guards.py"],
    "guard/missing_pages.py": ["tests/guard/test_site_policy_no_page.py"],
    "guard/site_guard.py": ["tests/guard/test_site_policy_answers.py", "tests/guard/test_site_policy.py"],
    "guard/spellings.py": ["tests/guard/test_site_policy_paths.py"],
    "middleware.py": ["tests/session/test_page_caches.py", "tests/session/test_session_attribute.py"],
    "ory/enrolment_memory.py": ["tests/ory/test_outages.py", "tests/session/test_resolver.py"],
    "ory/health.py": ["tests/ory/test_outages.py"],
    "ory/known_credentials.py": ["tests/ory/test_fairness.py", "tests/ory/test_lanes.py"],
    "session/fragment_cache.py": ["tests/session/test_page_caches.py"],
    "templatetags/ory_mfa.py": ["tests/test_tags.py"],
}


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
        return OTHERWISE_NAMED[file]
    path = TESTS / file
    test = path.with_name(f"test_{path.name}")
    found = [test] if test.is_file() else sorted(TESTS.rglob(test.name))
    return [str(path.relative_to(ROOT)) for path in found]
