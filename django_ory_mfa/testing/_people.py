"""The people of a fake Ory: identities, their sessions and what names a session."""

from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._identity import FakeIdentity, FakeProof, Proof, checked_factors

_PROVIDED = {"oidc", "saml"}


@dataclass(frozen=True, slots=True)
class FakeCookie:
    """One of the cookie values that name a session, and what is sealed in it."""

    value: str = field(repr=False)
    session: FakeSession
    expires_at: datetime
    readable_until: datetime


class FakeSession:
    """A session of one identity, named by a token and by every cookie value ever issued for it."""

    def __init__(self, people: FakePeople, identity: FakeIdentity, proofs: list[FakeProof], lifespan: timedelta):
        now = people.now()
        times = [proof.completed_at for proof in proofs if isinstance(proof.completed_at, datetime)] or [now]
        self._people = people
        self.id = str(uuid.uuid4())
        self.device_id = str(uuid.uuid4())
        self.identity = identity
        self.proofs = proofs
        self.lifespan = lifespan
        self.issued_at = min(times)
        self.authenticated_at = max(times)
        self.expires_at = now + lifespan
        self.revoked = False
        self.token = "ory_st_" + _letters(32)
        self.logout_token = "ory_lo_" + _letters(32)
        self.cookie = people.new_cookie(self)

    def __repr__(self) -> str:
        return f"<FakeSession {self.id} {self.aal} of {self.identity.id}>"

    @property
    def aal(self) -> str:
        """The level of this session by the rule of the server's version."""
        return self._people.level_of((proof.method, proof.aal) for proof in self.proofs)

    @property
    def active(self) -> bool:
        """Whether Ory accepts this session now."""
        return not self.revoked and self.identity.state == "active" and self._people.now() < self.expires_at

    def prove(self, proof: Proof) -> None:
        """Completes a method in this session, as a step-up or a refresh does."""
        with self._people._lock:
            now = self._people.now()
            self.proofs.append(self._people.proof_of(proof))
            self.authenticated_at = now
            self.expires_at = now + self.lifespan
            self.cookie = self._people.new_cookie(self)

    def enrol(self, method: str) -> None:
        """Sets up a second factor in Ory's settings, which proves it at once."""
        with self._people._lock:
            self.identity.enrol(method)
            self.set_up(method)

    def set_up(self, method: str) -> None:
        """Counts what a person has just set up in Ory's settings, a passkey for instance, as proved."""
        with self._people._lock:
            self.proofs.append(self._people.proof_of(method))
            if self._people.is_newer:
                self.authenticated_at = self._people.now()
            self.cookie = self._people.new_cookie(self)

    def extend(self, lifespan: float | None = None) -> None:
        """Lets the session live longer from now on; the browser still holds its old cookie value."""
        seconds = self.lifespan if lifespan is None else timedelta(seconds=lifespan)
        self.expires_at = self._people.now() + seconds

    def revoke(self) -> None:
        """Ends the session."""
        self.revoked = True


class FakePeople(FakeConfig):
    """Everybody a fake Ory knows."""

    identities: list[FakeIdentity]
    sessions: list[FakeSession]
    _cookies: dict[str, FakeCookie]
    _tokens: dict[str, FakeSession]

    def add_identity(
        self,
        *,
        email: str | None = None,
        traits: Mapping[str, object] | None = None,
        second_factors: Iterable[str] = (),
        state: str = "active",
        schema_id: str = "default",
        verified: bool = True,
        external_id: str | None = None,
        metadata_public: Mapping[str, object] | None = None,
        organization_id: str | None = None,
        password: str | None = None,
    ) -> FakeIdentity:
        """Makes a person; without ``email`` and ``traits`` one with an address of its own."""
        factors = checked_factors(second_factors)
        with self._lock:
            if email is None and traits is None:
                email = f"person-{len(self.identities) + 1}@example.test"
            identity = FakeIdentity(
                id=str(uuid.uuid4()),
                email=email,
                traits=({} if email is None else {"email": email}) | dict(traits or {}),
                second_factors=set(),
                state=state,
                schema_id=schema_id,
                created_at=self.now(),
                verified=verified,
                external_id=external_id,
                metadata_public=None if metadata_public is None else dict(metadata_public),
                organization_id=organization_id,
                password=password,
            )
            for factor in factors:
                identity.enrol(factor)
            self.identities.append(identity)
        return identity

    def delete_identity(self, identity: FakeIdentity) -> None:
        """Deletes a person and the person's sessions."""
        with self._lock:
            self.identities.remove(identity)
            for session in self.sessions_of(identity):
                session.revoke()
                self.sessions.remove(session)

    def add_session(self, identity: FakeIdentity, *proofs: Proof, lifespan: float = 3600) -> FakeSession:
        """Signs ``identity`` in with ``proofs`` in this order; the session lives ``lifespan`` seconds from now."""
        with self._lock:
            entries = [self.proof_of(proof) for proof in proofs]
            session = FakeSession(self, identity, entries, timedelta(seconds=lifespan))
            self.sessions.append(session)
            self._tokens[session.token] = session
        return session

    def identity_by_email(self, email: str) -> FakeIdentity | None:
        """Who signs in with ``email``, in whatever case it is written."""
        wanted = email.strip().lower()
        return next((each for each in self.identities if each.email and each.email.lower() == wanted), None)

    def identity_by_id(self, identity_id: str) -> FakeIdentity | None:
        """Whose id this is."""
        return next((identity for identity in self.identities if identity.id == identity_id), None)

    def sessions_of(self, identity: FakeIdentity) -> list[FakeSession]:
        """The sessions of ``identity``, oldest first, ended ones too."""
        return [session for session in self.sessions if session.identity is identity]

    def sessions_of_id(self, identity_id: str) -> list[FakeSession]:
        """The sessions of the person whose id this is, if there is one."""
        return [session for session in self.sessions if session.identity.id == identity_id]

    def proof_of(self, proof: Proof) -> FakeProof:
        """``proof`` with its level and time."""
        if isinstance(proof, FakeProof):
            return proof
        method, age = (proof, 0.0) if isinstance(proof, str) else proof
        completed_at = self.now() - (age if isinstance(age, timedelta) else timedelta(seconds=age))
        return FakeProof(method, self.aal_of(method), completed_at, "generic" if method in _PROVIDED else None)

    def new_cookie(self, session: FakeSession) -> str:
        """Issues one more cookie value for ``session``; earlier ones stay valid."""
        now = self.now()
        sealed = f"{int(now.timestamp())}|".encode() + secrets.token_bytes(321)
        # 321 bytes are 428 characters without padding; "=" is a legal end, but Python's cookie writer quotes it.
        value = base64.urlsafe_b64encode(sealed[:321]).decode("ascii")
        self._cookies[value] = FakeCookie(value, session, session.expires_at, now + session.lifespan)
        return value

    def cookie_named(self, value: str) -> FakeCookie | None:
        """What is sealed in a cookie value, or None if this server cannot (or can no longer) open it."""
        cookie = self._cookies.get(value)
        return cookie if cookie and self.now() < cookie.readable_until else None

    def session_by_token(self, token: str) -> FakeSession | None:
        """The session that a token names."""
        return self._tokens.get(token)

    def satisfies(self, session: FakeSession, required_aal: str) -> bool:
        """Whether Ory lets ``session`` through where ``required_aal`` is asked."""
        if required_aal == "aal1" or session.aal == "aal2":
            return True
        return not self.counts_second_factor(session.identity.second_factors)


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
