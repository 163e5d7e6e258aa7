"""What the page on a lost second factor says that support does, done to somebody at a real Kratos."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest
import requests

from tests.documents import blocks
from tests.servers.base import Person
from tests.servers.kratos import KratosServer

pytestmark = pytest.mark.kratos


def calls(kratos: KratosServer, person: Person) -> list[str]:
    """What the calls of the page to the admin API answer."""
    text = "\n".join(blocks("console", "how-to/lost-second-factor"))
    values = {"127.0.0.1:4434": kratos.admin_url.partition("://")[2], "<identity-id>": person.id}
    values["ann@example.com"] = person.email
    for name, value in values.items():
        text = text.replace(name, value)
    commands = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("$ curl")]
    return [
        subprocess.run([*command, "--fail"], capture_output=True, text=True, check=True).stdout for command in commands
    ]


def seen(kratos: KratosServer, cookie: tuple[str, str]) -> int:
    return requests.get(f"{kratos.public_url}/sessions/whoami", cookies=dict([cookie]), timeout=10).status_code


def test_somebody_whose_factor_support_deleted_signs_in_with_the_password(kratos: KratosServer) -> None:
    kratos.configure("strict")
    person = kratos.add_person("totp")
    lost = kratos.open_browser(person, "password", "totp").session_cookie
    assert seen(kratos, lost) == 200
    assert seen(kratos, kratos.open_browser(person, "password").session_cookie) == 403

    found, *_ = calls(kratos, person)

    assert [one["id"] for one in json.loads(found)] == [person.id]
    assert seen(kratos, lost) == 401
    assert seen(kratos, kratos.open_browser(person, "password").session_cookie) == 200
