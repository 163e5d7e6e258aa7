"""The package and its suite where no framework for APIs is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import django_ory_mfa
from tests.missing import APIS

ROOT = Path(__file__).resolve().parents[2]
# The checkout comes last, so that a run on the wheel imports the wheel.
START = f"import sys\nsys.path.append({str(ROOT)!r})\n"
FRAMEWORKS = [*APIS, "drf_spectacular_sidecar"]
COLLECT = f"""
sys.modules.update(dict.fromkeys({FRAMEWORKS}))
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
SAY_WHICH = f"""
print(*[name for name in {FRAMEWORKS} if name in sys.modules], file=sys.stderr)
"""


def run(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_", "REQUIRE_"))
    }
    command = [sys.executable, "-P", "-c", START + program, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment | variables, capture_output=True, text=True, check=False, timeout=600
    )


def collect(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Collects tests where the frameworks cannot be imported."""
    options = ["--collect-only", "-qq", "-p", "no:cacheprovider", "--import-mode=append"]
    return run(COLLECT, *options, *arguments, **variables)


@pytest.mark.parametrize("site", ["tests", "tests.contrib_auth", "tests.contrib_admin", "tests.crossings"])
def test_suite_is_collected_without_them(site: str) -> None:
    ran = collect(f"--ds={site}.settings", site.replace(".", "/"))

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr


def test_their_absence_is_a_failure_where_they_are_required() -> None:
    ran = collect("tests/contrib/test_ninja.py", REQUIRE_APIS="1")

    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert "could not import 'ninja'" in ran.stdout


def test_package_imports_none_of_them() -> None:
    folder = Path(django_ory_mfa.__file__).parent
    paths = [path.relative_to(folder.parent).with_suffix("") for path in folder.rglob("*.py")]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    theirs = ("django_ory_mfa.contrib.rest_framework", "django_ory_mfa.contrib.ninja")
    assert len(names) > 100

    # With an admin and users, whose apps need those of Django.
    program = "import django\ndjango.setup()\nfor name in sys.argv[1:]:\n    __import__(name)\n" + SAY_WHICH
    ran = run(
        program,
        *(name for name in names if not name.startswith(theirs)),
        DJANGO_SETTINGS_MODULE="tests.contrib_admin.settings",
    )

    assert (ran.returncode, ran.stderr.strip()) == (0, "")


def test_checks_and_report_of_a_site_without_them_import_none() -> None:
    program = """
import django
django.setup()
from django.core.checks import run_checks
from django.core.management import call_command
run_checks()
call_command("ory_mfa", "report", json=True)
assert "pydantic" not in sys.modules
"""
    ran = run(program + SAY_WHICH, DJANGO_SETTINGS_MODULE="tests.settings")

    assert (ran.returncode, ran.stderr.strip()) == (0, "")
