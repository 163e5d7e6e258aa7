"""A real Kratos starts with exactly the files that ``ory_mfa init`` writes, and mails the second factor."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import call_command
from django.test import override_settings

from tests.documents import PAGES
from tests.management.init.test_init import ALL_PAGES
from tests.project.test_example_project import PROJECT
from tests.servers.base import Person
from tests.servers.kratos import JSON, KratosBrowser, KratosServer, expect, free_ports, wait_until
from tests.servers.mail import MailServer

pytestmark = pytest.mark.kratos

SITE_PORT = 8000
STARTS = re.compile(r"^ +(kratos (?:migrate|serve) .+)$", re.MULTILINE)
PERSON = re.compile(r"^ +(curl .+)$", re.MULTILINE)


class OfInit(KratosServer):
    """A Kratos that is installed as ``ory_mfa init`` says, word by word; its mails go to ``mail``."""

    def __init__(self, binary: Path, folder: Path, mail: MailServer) -> None:
        self._begin(folder)
        self.mail = mail
        public, admin = free_ports(2)
        self.public_url, self.admin_url = f"http://localhost:{public}", f"http://127.0.0.1:{admin}"
        out = StringIO()
        smtp = f"smtp://127.0.0.1:{mail.port}/?disable_starttls=true"
        arguments = [f"--ory-url={self.public_url}", f"--admin-port={admin}", f"--smtp={smtp}", "--yes"]
        call_command("ory_mfa", "init", f"--folder={folder / 'kratos'}", *arguments, stdout=out)
        self.steps = out.getvalue()
        self.folder = folder / "kratos"
        *first, serve = STARTS.findall(self.steps)
        for command in first:
            subprocess.run(
                self._words(binary, command), cwd=self.folder, env=_environment(), check=True, capture_output=True
            )
        with (self.folder / "kratos.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._words(binary, serve), cwd=self.folder, env=_environment(), stdout=log, stderr=subprocess.STDOUT
            )
        self.version = self._await_ready()

    def first_person(self) -> Person:
        """The person whom the command line makes that ``init`` prints."""
        (command,) = PERSON.findall(self.steps)
        words = shlex.split(command)
        body = json.loads(words[words.index("-d") + 1])
        (url,) = (word for word in words if word.startswith("http"))
        made = expect(self._http.request(words[words.index("-X") + 1], url, json=body), 201).json()
        password = body["credentials"]["password"]["config"]["password"]
        return Person(made["id"], body["traits"]["email"], password)

    def _newest_code(self, person: Person) -> str:
        wait_until(lambda: self.mail.text_for(person.email) is not None, 60, lambda: self.log[-2000:])
        found = re.search(r"\b\d{6}\b", str(self.mail.text_for(person.email)))
        assert found is not None
        return found[0]

    @staticmethod
    def _words(binary: Path, command: str) -> list[str]:
        return [str(binary), *shlex.split(command)[1:]]


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def installed(kratos_binary: Path, tmp_path_factory: pytest.TempPathFactory, mail: MailServer) -> Iterator[OfInit]:
    with override_settings(ROOT_URLCONF=ALL_PAGES, ORY_MFA_SDK_URL=None):
        server = OfInit(kratos_binary, tmp_path_factory.mktemp("init"), mail)
    yield server
    server.close()


def test_first_person_signs_in_and_is_mailed_the_second_factor(installed: OfInit) -> None:
    browser = KratosBrowser(installed, installed.first_person())

    browser.prove("password")

    refused = expect(browser.get("/sessions/whoami", accept=JSON), 403).json()
    assert refused["error"]["id"] == "session_aal2_required"
    expect(browser.get("/self-service/settings/browser", accept=JSON), 403)

    browser.prove("code")

    session = expect(browser.get("/sessions/whoami", accept=JSON), 200).json()
    assert session["authenticator_assurance_level"] == "aal2"
    assert session["identity"]["verifiable_addresses"][0]["verified"] is True
    flow = browser.fetch_flow("/self-service/settings/browser")
    groups = {node["group"] for node in flow["ui"]["nodes"]}
    assert groups >= {"password", "totp", "lookup_secret", "webauthn", "passkey"}


def test_command_line_of_the_documents_makes_the_same_person(installed: OfInit) -> None:
    port = str(urlsplit(installed.admin_url).port)
    (printed,) = PERSON.findall(installed.steps)

    assert f"$ {printed.replace(port, '4434')}\n" in PAGES["how-to/self-hosted"]


def test_pages_of_the_site_are_where_browsers_are_sent(installed: OfInit) -> None:
    browser = KratosBrowser(installed, Person("", "nobody@example.com", ""))

    for flow in ("login", "registration", "recovery", "verification"):
        answer = expect(browser.get(f"/self-service/{flow}/browser"), 303)
        assert answer.headers["Location"].startswith(f"http://localhost:{SITE_PORT}/ory/{flow}?flow=")


def test_ory_mfa_finds_nothing_wrong_with_the_file(installed: OfInit) -> None:
    out = StringIO()
    with override_settings(
        ORY_MFA_SDK_URL=installed.public_url,
        ORY_MFA_SITE_URL=f"http://localhost:{SITE_PORT}",
        ORY_MFA_WHOAMI_REQUIRED_AAL="highest_available",
        ORY_MFA_SETTINGS_REQUIRED_AAL="highest_available",
    ):
        call_command("ory_mfa", "check", f"--file={installed.folder / 'kratos.yml'}", stdout=out, stderr=StringIO())

    assert "no problems found" in out.getvalue()


def test_doctor_warns_of_nothing_that_init_has_written(installed: OfInit) -> None:
    """Not even of the fault of Kratos v1.3, which the schema keeps from doing harm."""
    out = StringIO()
    with override_settings(
        ROOT_URLCONF="tests.quiet_urls",
        ALLOWED_HOSTS=["localhost"],
        ORY_MFA_SDK_URL=installed.public_url,
        ORY_MFA_WHOAMI_REQUIRED_AAL="highest_available",
        ORY_MFA_SETTINGS_REQUIRED_AAL="highest_available",
    ):
        options = ["--json", f"--site-url=http://localhost:{SITE_PORT}", f"--admin-url={installed.admin_url}"]
        call_command("ory_mfa", "doctor", *options, "--fail-level=warning", stdout=out)

    results = json.loads(out.getvalue())["results"]
    assert {result["status"] for result in results} == {"ok", "not checked"}
    assert "version" in [result["check"] for result in results if result["status"] == "ok"]


def test_nothing_is_wrong_in_the_log_of_the_start(installed: OfInit) -> None:
    assert not re.search(r"level=(error|fatal)|configuration (file )?(is )?invalid|deprecat", installed.log)


class Checked(KratosServer):
    """A Kratos with the files of the example, but for its ports."""

    def _copy_files(self) -> None:
        for name in ("kratos.yml", "identity.schema.json"):
            (self.folder / name).write_bytes((PROJECT / "kratos" / name).read_bytes())


def test_checked_in_files_of_the_example_start_too(kratos_binary: Path, tmp_path: Path) -> None:
    server = Checked(kratos_binary, tmp_path)
    try:
        people: list[dict[str, Any]] = json.loads((PROJECT / "people.json").read_text())
        for person in people:
            server._admin("POST", "/identities", 201, json=person)
        email, password = people[0]["traits"]["email"], people[0]["credentials"]["password"]["config"]["password"]
        browser = KratosBrowser(server, Person("", email, password))
        browser.prove_all(["password", "code"])
        session = expect(browser.get("/sessions/whoami", accept=JSON), 200).json()
        assert session["authenticator_assurance_level"] == "aal2"
    finally:
        server.close()


def test_checked_in_files_are_what_init_writes(tmp_path: Path) -> None:
    """To make them anew, remove them, and run the command in the folder example_project with --folder=kratos."""
    arguments = "--site-url=http://127.0.0.1:8000 --dsn=memory --name=Example --development-secrets --yes"
    command = [str(PROJECT / "manage.py"), "ory_mfa", "init", f"--folder={tmp_path}", *arguments.split()]

    env = {**_environment(), "DEBUG": "true", "PYTHONPATH": str(PROJECT.parent)}
    subprocess.run([sys.executable, *command], env=env, check=True, capture_output=True)

    for name in ("kratos.yml", "identity.schema.json"):
        assert (PROJECT / "kratos" / name).read_text() == (tmp_path / name).read_text()
    assert yaml.safe_load((PROJECT / "kratos" / "kratos.yml").read_text())["dsn"] == "memory"
