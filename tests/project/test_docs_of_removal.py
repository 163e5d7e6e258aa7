"""What the page on removing the package says, done to a project with users and an admin."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, block_with, blocks

PAGE = "how-to/remove"
INSTALLED = """
INSTALLED_APPS[INSTALLED_APPS.index("django.contrib.admin")] = "django_ory_mfa.contrib.admin.apps.AALAdminConfig"
INSTALLED_APPS += ["django_ory_mfa", "django_ory_mfa.contrib.auth"]
MIDDLEWARE.remove("django.contrib.auth.middleware.AuthenticationMiddleware")
MIDDLEWARE += [
    "django_ory_mfa.middleware.OrySessionMiddleware",
    "django_ory_mfa.contrib.auth.middleware.OryUserMiddleware",
]
AUTHENTICATION_BACKENDS = ["django_ory_mfa.contrib.auth.backends.OryBackend"]
LOGIN_URL = "ory_mfa:login"
ORY_MFA_SDK_URL = "http://127.0.0.1:4433"
"""
# What step 2 says of MIDDLEWARE and INSTALLED_APPS.
WITHOUT_USERS = """
MIDDLEWARE[MIDDLEWARE.index("django_ory_mfa.contrib.auth.middleware.OryUserMiddleware")] = (
    "django.contrib.auth.middleware.AuthenticationMiddleware"
)
INSTALLED_APPS[INSTALLED_APPS.index("django_ory_mfa.contrib.admin.apps.AALAdminConfig")] = "django.contrib.admin"
"""
URLS = """
from django.contrib.auth.views import LoginView
from django.urls import include

urlpatterns += [path("login/", LoginView.as_view(), name="login")]
"""
PEOPLE = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django_ory_mfa.contrib.auth.models import OryIdentity
ann = get_user_model().objects.create(username="ann", password="!")
OryIdentity.objects.create(user=ann, identity_id="4e079061-4dfb-4bc4-9f3a-dc969d68ac1d")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(ann.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = ann.get_session_auth_hash()
session.save()
"""
# Whom Django sees by the session from before.
WHO = """
from importlib import import_module
from types import SimpleNamespace
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
key = Session.objects.get().pk
print(get_user(SimpleNamespace(session=import_module(settings.SESSION_ENGINE).SessionStore(key))))
"""
LEFT = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
users = [(user.username, user.has_usable_password()) for user in get_user_model().objects.all()]
types = ContentType.objects.filter(app_label="ory_mfa_auth").count()
rights = Permission.objects.filter(codename__endswith="_oryidentity").count()
tables = [name for name in connection.introspection.table_names() if "ory" in name]
print([users, types, rights, tables, Session.objects.count()])
"""


class Project:
    """A project of Django's with the package in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run(sys.executable, "-m", "django", "startproject", "shop", ".")
        self.settings, self.urls = folder / "shop" / "settings.py", folder / "shop" / "urls.py"
        self.before = self.settings.read_text()
        self.settings.write_text(f"{self.before}{INSTALLED}")
        self.urls.write_text(
            f'{self.urls.read_text()}{URLS}urlpatterns += [path("account/", include("django_ory_mfa.urls"))]\n'
        )

    def run(self, *words: str, said: str = "") -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
        where = [] if os.environ.get("ORY_MFA_TEST_INSTALLED") else [str(ROOT)]
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=env | {"PYTHONPATH": os.pathsep.join(where), "PYTHONDONTWRITEBYTECODE": "1"},
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def manage(self, *words: str, said: str = "") -> str:
        return self.run(sys.executable, "manage.py", *words, said=said)

    def follow(self, text: str, said: str = "") -> str:
        """Runs the command of the page with ``text`` in it."""
        words = shlex.split(re.sub(r" [<>] .*", "", command(text)))
        assert words[:2] == ["python", "manage.py"]
        return self.manage(*words[2:], said=said)

    def is_found(self) -> bool:
        """Whether the search of the page finds the package in this project."""
        return subprocess.run(shlex.split(command("grep")), cwd=self.folder, stdout=subprocess.DEVNULL).returncode == 0

    def left(self) -> str:
        return self.manage("shell", "-v0", said=LEFT).strip().splitlines()[-1]


def command(text: str) -> str:
    """The one command of the page with ``text`` in it."""
    lines = re.findall(r"^ *\$ (.+)$", "\n".join(blocks("console", PAGE)), re.MULTILINE)
    (line,) = (line for line in lines if text in line)
    return str(line)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("removal"))


def test_package_is_removed_step_by_step(project: Project) -> None:
    project.manage("migrate", "-v0")
    project.manage("shell", "-v0", said=PEOPLE)
    assert project.left() == "[[('ann', False)], 1, 4, ['ory_mfa_auth_oryidentity'], 1]"

    # 1. Guards.
    assert "/admin/" in project.follow("report")
    assert project.is_found()

    # 2. Users.
    said = block_with("python", "ModelBackend", PAGE)
    project.settings.write_text(f"{project.settings.read_text()}{said}{WITHOUT_USERS}")
    assert project.manage("shell", "-v0", said=WHO).strip() == "ann"
    project.manage("shell", "-v0", said=block_with("python", "set_password", "how-to/migrate-users"))
    project.manage("shell", "-v0", said=block_with("python", "Session.objects", PAGE))
    project.manage("check", "--fail-level", "ERROR")
    assert project.left() == "[[('ann', True)], 1, 4, ['ory_mfa_auth_oryidentity'], 0]"

    # 3. The table.
    project.follow("dumpdata")
    project.follow("migrate ory_mfa_auth zero")
    assert project.left() == "[[('ann', True)], 1, 4, [], 0]"

    # 4. Settings, URLs and the package.
    with_package = project.settings.read_text(), project.urls.read_text()
    project.settings.write_text(f"{project.before}{said}")
    project.urls.write_text(re.sub(r"^urlpatterns.*django_ory_mfa.*\n", "", with_package[1], flags=re.MULTILINE))
    assert "no issues" in project.follow("manage.py check")
    assert "Are you sure" in project.follow("remove_stale_contenttypes", said="yes\n")
    assert project.left() == "[[('ann', True)], 0, 0, [], 0]"
    assert not project.is_found()

    # And back.
    project.settings.write_text(with_package[0])
    project.urls.write_text(with_package[1])
    project.manage("migrate", "-v0")
    project.manage("loaddata", "links.json")
    assert project.left() == "[[('ann', True)], 1, 4, ['ory_mfa_auth_oryidentity'], 0]"
