"""A security key, or a machine with passkeys, and the browser before it, without either."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

FLAGS = AuthenticatorData.FLAG
PRESENT_AND_VERIFIED = FLAGS.USER_PRESENT | FLAGS.USER_VERIFIED


@dataclass
class Authenticator:
    """Answers for a page of ``origin`` as a browser's script sends it: as JSON."""

    origin: str
    flags: FLAGS = PRESENT_AND_VERIFIED
    #: Private keys and owners by the ids of the keys, the newest last.
    held: dict[bytes, tuple[ec.EllipticCurvePrivateKey, str]] = field(default_factory=dict)

    def create(self, options: dict[str, Any]) -> str:
        """Makes a key as ``options`` ask for it."""
        asked = options["publicKey"]
        key_id, private = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1())
        self.held[key_id] = private, asked["user"]["id"]
        public = ES256.from_cryptography_key(private.public_key())
        made = AttestedCredentialData.create(Aaguid.NONE, key_id, public)
        data = self._data(asked["rp"]["id"], self.flags | FLAGS.ATTESTED, made)
        client = self._client("webauthn.create", asked["challenge"])
        attested = AttestationObject.create("none", data, {})
        return answer(key_id, attestationObject=attested, clientDataJSON=client)

    def get(self, options: dict[str, Any]) -> str:
        """Uses the newest key, whether ``options`` ask for it or not."""
        asked = options["publicKey"]
        key_id = list(self.held)[-1]
        private, owner = self.held[key_id]
        data = self._data(asked["rpId"], self.flags)
        client = self._client("webauthn.get", asked["challenge"])
        signature = private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        sent = answer(key_id, authenticatorData=data, clientDataJSON=client, signature=signature)
        parsed = json.loads(sent)
        parsed["response"]["userHandle"] = owner
        return json.dumps(parsed)

    def _data(self, site: str, flags: FLAGS, made: bytes = b"") -> AuthenticatorData:
        data: AuthenticatorData = AuthenticatorData.create(
            hashlib.sha256(site.encode()).digest(), flags, len(self.held), made
        )
        return data

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()


def answer(key_id: bytes, **response: bytes) -> str:
    """What a script sends, with ``response`` encoded."""
    named = websafe_encode(key_id)
    encoded = {name: websafe_encode(raw) for name, raw in response.items()}
    return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": encoded})
