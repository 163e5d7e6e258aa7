"""The script that security keys and passkeys need in a browser."""

from __future__ import annotations

import base64
import hashlib
import uuid
from functools import cache
from pathlib import Path

from django_ory_mfa.testing._config import FakeConfig
from django_ory_mfa.testing._http import FakeRequest, FakeResponse, Json, answer
from django_ory_mfa.testing._state import FakeState
from django_ory_mfa.testing.emulator._nodes import node


def key_script(ory: FakeState, request: FakeRequest) -> FakeResponse:
    """Return the script."""
    return answer(ory, request, 200, [("Content-Type", "text/javascript; charset=UTF-8")], _script())


def script_node(ory: FakeConfig) -> Json:
    """Return the node that makes a page load the script, with the hash to check it by."""
    attributes = {
        "src": f"{ory.public_url}/.well-known/ory/webauthn.js",
        "async": True,
        "referrerpolicy": "no-referrer",
        "crossorigin": "anonymous",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(_script()).digest()).decode(),
        "type": "text/javascript",
        "id": "webauthn_script",
        "nonce": str(uuid.uuid4()),
        "node_type": "script",
    }
    return node("script", "webauthn", attributes, None)


@cache
def _script() -> bytes:
    return (Path(__file__).parent / "static" / "webauthn.js").read_bytes()
