"""Whether Ory says something new of an identity since it was last copied to its user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django_ory_mfa.conf import fingerprint_key
from django_ory_mfa.core.addresses import verified_addresses
from django_ory_mfa.core.credentials import fingerprint

if TYPE_CHECKING:
    from django_ory_mfa.core.session import Identity


def digest_of(identity: Identity) -> str:
    """Return when ``identity`` was updated, and a keyed hash of everything that a ``UserSync`` may copy.

    Not hashed are state, times and sessions: they change without anything to copy.
    """
    said = [
        identity.id,
        identity.external_id,
        identity.schema_id,
        identity.traits,
        identity.metadata_public,
        identity.organization_id,
        verified_addresses(identity, "email"),
        verified_addresses(identity, "sms"),
    ]
    # SECURITY: keyed, so that nobody who reads the database can try out e-mail addresses.
    hashed = fingerprint("identity", json.dumps(said, sort_keys=True), key=fingerprint_key())
    return f"{identity.updated_at:%Y%m%dT%H%M%S.%f}:{hashed}" if identity.updated_at else f":{hashed}"


def is_news(digest: str, last: str) -> bool:
    """Whether an identity with ``digest`` has to be copied to a user to whom that with ``last`` was."""
    (updated_at, _, hashed), (last_updated_at, _, last_hashed) = digest.partition(":"), last.partition(":")
    # SECURITY: an answer from a cache must not bring back what a newer one has changed, such as a right.
    return hashed != last_hashed and not (updated_at and updated_at < last_updated_at)
