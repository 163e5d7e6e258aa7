"""What users install: the sdist and the wheel that is built from it."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import django_ory_mfa
from tools.repack import repack

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")


MOMENT = 1_767_225_600


def built(tmp, *, aged=0):
    """The folder with both, built from a copy so that no build or egg-info folder of the checkout has a say."""
    source = shutil.copytree(ROOT, tmp / "source", ignore=LEFT_OUT)
    # What the packages hold besides the files of the project.
    for name in (".ci", ".github"):
        shutil.copytree(ROOT / name, source / name)
    for path in source.rglob("*") if aged else ():
        os.utime(path, (MOMENT - aged, MOMENT - aged), follow_symlinks=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp / "dist"), str(source)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(MOMENT)}

    run = subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    assert run.returncode == 0, run.stdout + run.stderr
    for path in (tmp / "dist").glob("*.tar.gz"):
        repack(path, moment=MOMENT)
    return tmp / "dist"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return built(tmp_path_factory.mktemp("dist"))


def test_two_builds_of_the_same_sources_are_the_same_bytes(dist, tmp_path):
    again = built(tmp_path, aged=86_400)

    assert [path.name for path in sorted(again.iterdir())] == [path.name for path in sorted(dist.iterdir())]
    assert [path.name for path in again.iterdir() if path.read_bytes() != (dist / path.name).read_bytes()] == []


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist_names(dist):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def package_files():
    """Every file of the package in the checkout, as a wheel names it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "django_ory_mfa").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def metadata(wheel, name):
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def test_wheel_holds_every_file_of_the_package(wheel):
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert shipped == package_files()


@pytest.mark.parametrize(
    "pattern",
    [
        "py.typed",
        "core/decision.py",
        "static/ory_mfa/*.css",
        "static/ory_mfa/step_up.js",
        "static/ory_mfa/step_up.d.ts",
        "static/ory_mfa/done.js",
        "templates/ory_mfa/*.html",
        "templatetags/ory_mfa.py",
        "testing/pytest_plugin.py",
    ],
)
def test_wheel_holds(wheel, pattern):
    assert fnmatch.filter(wheel.namelist(), f"django_ory_mfa/{pattern}")


def test_wheel_installs_nothing_but_the_package(wheel):
    assert {name.split("/")[0].split("-")[0] for name in wheel.namelist()} == {"django_ory_mfa"}


def test_wheel_registers_the_pytest_plugin(wheel):
    assert "ory_mfa = django_ory_mfa.testing.pytest_plugin" in metadata(wheel, "entry_points.txt")


def test_wheel_requires_no_framework_of_apis(wheel):
    always = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata(wheel, "METADATA"), re.MULTILINE)

    assert sorted(always) == ["Django", "ory-client", "requests", "urllib3"]


def test_wheel_states_licence_and_oldest_python(wheel):
    fields = Parser().parsestr(metadata(wheel, "METADATA"))

    assert (fields["License-Expression"], fields["Requires-Python"]) == ("BSD-3-Clause", ">=3.11")


@pytest.mark.parametrize(
    "name",
    [
        "CHANGELOG.rst",
        "LICENSE",
        "README.rst",
        ".ci/lowest.txt",
        "docs/conf.py",
        "docs/index.rst",
        "tests/project/test_wheel.py",
        "tox.ini",
    ],
)
def test_sdist_holds(sdist_names, name):
    assert name in sdist_names


def test_sdist_holds_every_file_of_the_package(sdist_names):
    assert package_files() <= sdist_names


def test_suite_runs_on_the_copy_that_was_asked_for():
    """A run on the wheel must not quietly import the checkout, nor a run on the checkout an old installed copy."""
    in_checkout = Path(django_ory_mfa.__file__).resolve().is_relative_to(ROOT / "django_ory_mfa")

    assert in_checkout is not bool(os.environ.get("ORY_MFA_TEST_INSTALLED"))
