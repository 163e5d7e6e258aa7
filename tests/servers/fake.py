"""FakeOry as the server of the scenarios."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from django_ory_mfa.testing import FakeIdentity, FakeOry, FakeProof, FakeSession
from tests.servers.base import Mode, Person

NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class FakeBrowser:
    """A browser that holds one session of a fake Ory."""

    def __init__(self, ory: FakeOry, person: Person, session: FakeSession) -> None:
        self.ory = ory
        self.person = person
        self.session = session

    @property
    def session_cookie(self) -> tuple[str, str]:
        return self.ory.cookie_name, self.session.cookie

    def prove(self, method: str, *, refresh: bool = False) -> None:
        self.session.prove(method)

    def enrol(self, method: str) -> None:
        self.session.enrol(method)
        self.person.factors[method] = held_for(method, self.person.email)

    def follow_logout(self, url: str) -> int:
        base, link = urlsplit(self.ory.public_url), urlsplit(url)
        headers = [("Accept", NAVIGATION), ("Cookie", "=".join(self.session_cookie))]
        target = f"{link.path.removeprefix(base.path)}?{link.query}"
        return self.ory.handle("GET", target, headers).status


class FakeServer:
    """Makes people and browsers on a fake Ory."""

    def __init__(self, version: str = "v1.3.1") -> None:
        self.ory = FakeOry(version)
        self.name = f"fake {version}"
        self.version = version
        self.public_url = self.ory.public_url
        self._identities: dict[str, FakeIdentity] = {}

    def configure(self, mode: Mode, *, code_mfa: bool = False, settings_required_aal: str | None = None) -> None:
        required = "highest_available" if mode == "strict" else "aal1"
        self.ory.required_aal = required
        self.ory.settings_required_aal = settings_required_aal or required
        self.ory.code_mfa = code_mfa

    def add_person(self, *factors: str) -> Person:
        schema_id = "with_code" if "code" in factors else "default"
        identity = self.ory.add_identity(second_factors=factors, schema_id=schema_id)
        self._identities[identity.id] = identity
        email = str(identity.email)
        held = {method: held_for(method, email) for method in factors}
        return Person(identity.id, email, secrets.token_urlsafe(12), held)

    def open_browser(self, person: Person, *methods: str) -> FakeBrowser:
        return FakeBrowser(self.ory, person, self._session(person, methods))

    def session_token(self, person: Person, *methods: str) -> str:
        return self._session(person, methods).token

    def let_time_pass(self, seconds: float) -> None:
        age_proofs(self.ory, seconds)

    def set_identity_state(self, person: Person, state: Literal["active", "inactive"]) -> None:
        self._identities[person.id].state = state

    def revoke_sessions(self, person: Person) -> None:
        for session in self.ory.sessions_of(self._identities[person.id]):
            session.revoke()

    def remove_factor(self, person: Person, method: str) -> None:
        self._identities[person.id].remove_factor(method)

    def _session(self, person: Person, methods: tuple[str, ...]) -> FakeSession:
        return self.ory.add_session(self._identities[person.id], *methods)


def age_proofs(ory: FakeOry, seconds: float) -> None:
    """Makes every proof in every session that much older."""
    for session in ory.sessions:
        session.proofs = [_aged(proof, seconds) for proof in session.proofs]


def _aged(proof: FakeProof, seconds: float) -> FakeProof:
    if isinstance(proof.completed_at, str):
        return proof
    return replace(proof, completed_at=proof.completed_at - timedelta(seconds=seconds))


def held_for(method: str, email: str) -> Any:
    """What a person holds for ``method``; the fake accepts every proof, so the values only look right."""
    return {
        "totp": base64.b32encode(secrets.token_bytes(20)).decode(),
        "lookup_secret": [secrets.token_hex(4) for _ in range(12)],
        "code": email,
    }[method]
