"""Detect whether an identity has changed since it was last copied to its user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django_ory_mfa.conf import fingerprint_key
from django_ory_mfa.core.addresses import verified_addresses
from django_ory_mfa.core.credentials import fingerprint

if TYPE_CHECKING:
    from django_ory_mfa.core.session import Identity

# As ISO 8601 writes a moment in UTC, without the offset.
LENGTH_OF_TIME = 26


def digest_of(identity: Identity) -> str:
    """Return when ``identity`` was updated, and a keyed hash of everything that a ``UserSync`` may copy.

    Not hashed are state, times and sessions: they change without anything to copy.
    """
    copied = [
        identity.id,
        identity.external_id,
        identity.schema_id,
        identity.traits,
        identity.metadata_public,
        identity.organization_id,
        verified_addresses(identity, "email"),
        verified_addresses(identity, "sms"),
    ]
    # SECURITY: keyed, so that e-mail addresses cannot be guessed from the database.
    hashed = fingerprint("identity", json.dumps(copied, sort_keys=True), key=fingerprint_key())
    updated_at = identity.updated_at.isoformat(timespec="microseconds")[:LENGTH_OF_TIME] if identity.updated_at else ""
    return f"{updated_at}:{hashed}"


def is_other(digest: str, last: str) -> bool:
    """Whether an identity with ``digest`` has something to copy, if the last copy had the digest ``last``."""
    return digest.rpartition(":")[2] != last.rpartition(":")[2]


def is_no_newer(digest: str, last: str) -> bool:
    """Whether an identity with ``digest`` was not updated after that with the digest ``last``, by what Ory says."""
    return "" < digest.rpartition(":")[0] <= last.rpartition(":")[0]


def is_older(digest: str, last: str) -> bool:
    """Whether an identity with ``digest`` was updated before that with the digest ``last``, by what Ory says."""
    return "" < digest.rpartition(":")[0] < last.rpartition(":")[0]
