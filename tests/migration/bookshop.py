"""An existing site with users, as ``django-admin startproject`` makes one, served before and after its move."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.browser.servers import free_port
from tests.migration.page import Block
from tests.servers.kratos import wait_until

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = Path(__file__).with_name("people.json")
SETTINGS = """

import os

ALLOWED_HOSTS = ["127.0.0.1"]
LOGIN_URL = "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
"""
URLS = """from django.contrib import admin
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.views import LoginView
from django.http import JsonResponse
from django.urls import include, path


def me(request):
    user, cart = request.user, request.session.get("cart", [])
    groups = sorted(user.groups.values_list("name", flat=True))
    return JsonResponse({"name": user.username, "groups": groups, "is_staff": user.is_staff, "cart": cart})


def buy(request):
    request.session["cart"] = [request.user.username]
    return JsonResponse({})


urlpatterns = [
    path("me", login_required(me)),
    path("buy", login_required(buy)),
    path("reports", permission_required("auth.view_user", raise_exception=True)(me)),
    path("login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("admin/", admin.site.urls),
]
"""


class Bookshop:
    """The project in ``folder``; its commands and its server have ``environment``."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.settings = folder / "bookshop" / "settings.py"
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR", "PYTHONPATH") if name in os.environ}
        self._environment = own | environment | {"PYTHONWARNINGS": "ignore"}
        self._port = port
        self._server: subprocess.Popen[bytes] | None = None
        self._run(sys.executable, "-m", "django", "startproject", "bookshop", str(folder))
        self.write(Block("settings.py", SETTINGS))
        # What Django 6.1 writes for development; a site that exists sends mail.
        self.settings.write_text(self.settings.read_text().replace("backends.console.", "backends.smtp."))
        (folder / "bookshop" / "urls.py").write_text(URLS)
        self.run("python manage.py migrate -v0")
        self.run(f"python manage.py loaddata {PEOPLE} -v0")

    def write(self, block: Block) -> None:
        """Puts code where the page says: at the end of a file of the project, or into a new one beside manage.py."""
        assert block.name is not None
        place = self.folder / "bookshop" / block.name
        if place.exists():
            place.write_text(place.read_text() + "\n" + block.text)
        else:
            (self.folder / block.name).write_text(block.text)

    def take_out(self, block: Block) -> None:
        """Takes such code out again."""
        assert block.name is not None
        place = self.folder / "bookshop" / block.name
        assert block.text in place.read_text()
        place.write_text(place.read_text().replace(block.text, ""))

    def run(self, command: str) -> str:
        """What ``command`` prints, as typed at the prompt."""
        words, _, file = command.partition(" < ")
        name, *arguments = shlex.split(words)
        assert name == "python"
        return self._run(sys.executable, *arguments, stdin=(self.folder / file).read_text() if file else "")

    def _run(self, *command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, expression: str) -> str:
        """What the ORM says."""
        code = f"from django.contrib.auth.models import User; print({expression})"
        return self._run(sys.executable, "manage.py", "shell", "-v0", "-c", code).strip()

    def serve(self) -> None:
        """Starts the site, as it is now."""
        self.close()
        log = self.folder / "log"
        command = ["-m", "gunicorn", "--threads=4", f"--bind=127.0.0.1:{self._port}", "bookshop.wsgi"]
        with log.open("wb") as stream:
            self._server = subprocess.Popen(
                [sys.executable, *command], cwd=self.folder, env=self._environment, stdout=stream, stderr=stream
            )
        wait_until(self._is_up, 120, log.read_text)

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/nowhere", timeout=10).status_code == 404
        except requests.RequestException:
            return False

    def close(self) -> None:
        """Ends the server."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(30)
            self._server = None

    def copy_database(self) -> None:
        """Keeps the database as it is, to compare with."""
        shutil.copy(self.folder / "db.sqlite3", self.folder / "before.sqlite3")


class Visitor:
    """A browser on the site."""

    def __init__(self, site: Bookshop) -> None:
        self._site = site
        self.http = requests.Session()

    def get(self, path: str) -> requests.Response:
        """GET, without redirects."""
        headers = {"Accept": "text/html"}
        return self.http.get(f"{self._site.url}{path}", headers=headers, allow_redirects=False, timeout=60)

    def me(self) -> dict[str, Any]:
        """Whom the site sees."""
        response = self.get("/me")
        assert response.status_code == 200, (response.status_code, response.headers, response.text)
        return dict(response.json())

    def sign_in_to_django(self, name: str, password: str | None = None) -> bool:
        """Fills in the form of the site; returns whether that worked."""
        found = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/login/").text)
        assert found is not None
        data = {"csrfmiddlewaretoken": found[1], "username": name, "password": password or f"{name}-secret-9"}
        answer = self.http.post(
            f"{self._site.url}/login/?next=/me", {**data, "next": "/me"}, allow_redirects=False, timeout=60
        )
        return answer.status_code == 302
