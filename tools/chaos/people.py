"""The people of a run, made on a real Kratos."""

from __future__ import annotations

import requests

from tests.servers.base import Person
from tools.chaos.servers import MortalKratos
from tools.chaos.site import NOBODY
from tools.chaos.visitors import Visitor


def make_people(kratos: MortalKratos) -> list[Visitor]:
    """Two of every kind, so that pages of one can be told from those of another."""
    people = [Visitor("nobody"), Visitor("stranger", cookie("forged"))]
    for number in (1, 2):
        plain, enrolled = kratos.add_person(), kratos.add_person("totp")
        people += [
            session_of(kratos, f"password-{number}", plain, "password"),
            session_of(kratos, f"password-of-enrolled-{number}", enrolled, "password"),
            session_of(kratos, f"totp-{number}", enrolled, "password", "totp"),
            token_of(kratos, f"token-{number}", enrolled),
        ]
    revoked = session_of(kratos, "revoked", kratos.add_person(), "password")
    kratos.revoke(revoked.session_id)
    revoked.level, revoked.person = 0, NOBODY
    return [*people, revoked]


def make_leavers(kratos: MortalKratos, count: int) -> list[Visitor]:
    """Sessions of one person, to be ended in the course of a run."""
    person = kratos.add_person()
    return [session_of(kratos, f"leaver-{number}", person, "password") for number in range(count)]


def session_of(kratos: MortalKratos, name: str, person: Person, *methods: str) -> Visitor:
    """``person`` in a browser in which ``methods`` were completed."""
    headers = cookie(kratos.open_browser(person, *methods).session_cookie[1])
    return _visitor(kratos, name, person, headers, len(methods))


def token_of(kratos: MortalKratos, name: str, person: Person) -> Visitor:
    """``person`` in a native client, with both factors."""
    headers = {"X-Session-Token": kratos.session_token(person, "password", "totp")}
    return _visitor(kratos, name, person, headers, 2)


def cookie(value: str) -> dict[str, str]:
    """The header of a browser that holds a session cookie."""
    return {"Cookie": f"ory_kratos_session={value}"}


def _visitor(kratos: MortalKratos, name: str, person: Person, headers: dict[str, str], level: int) -> Visitor:
    whoami = requests.get(f"{kratos.public_url}/sessions/whoami", headers=headers, timeout=10).json()
    return Visitor(name, headers, person.id, level, bool(person.factors), whoami["id"])
