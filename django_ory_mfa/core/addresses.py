"""Find the addresses of an identity that Ory has verified."""

from __future__ import annotations

from django_ory_mfa.core.session import Identity


def verified_addresses(identity: Identity, via: str = "email") -> list[str]:
    """Return the addresses of ``identity`` that Ory has verified, in Ory's order; ``via`` is ``email`` or ``sms``."""
    return [
        address["value"]
        for address in identity.verifiable_addresses
        if address.get("verified") is True
        and address.get("via") == via
        and isinstance(address.get("value"), str)
        and address["value"]
    ]


def verified_email(identity: Identity) -> str | None:
    """Return the trait ``email`` if Ory has verified it, else the first verified address; None if there is none."""
    addresses = verified_addresses(identity)
    # SECURITY: people can edit their traits. So the trait only selects one of the verified addresses.
    trait = identity.traits.get("email")
    if isinstance(trait, str) and (trait in addresses or _as_ory_stores(trait) in addresses):
        return trait.strip()
    return addresses[0] if addresses else None


def own_email(identity: Identity) -> str | None:
    """Return the address that a page may show to the person: a verified one, else the trait ``email``, else None.

    SECURITY: only for this person's own eyes. A trait proves nothing, and may be the address of somebody else.
    """
    trait = identity.traits.get("email")
    return verified_email(identity) or (trait if isinstance(trait, str) and trait else None)


def _as_ory_stores(email: str) -> str | None:
    # Ory stores addresses in lower case. SECURITY: ASCII only, since lower() turns some other letters into ASCII ones.
    return email.strip().lower() if email.isascii() else None
