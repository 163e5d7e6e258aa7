"""Which hosts share cookies."""

from __future__ import annotations

from ipaddress import ip_address

from django_ory_mfa.checks.addresses import is_loopback


def common_parent(one: str, other: str) -> str | None:
    """Return the domain that both hosts are in or below, so that a cookie of it reaches both; None if there is none.

    A top-level domain does not count, and neither does a part of an IP address.
    """
    if is_address(one) or is_address(other) or is_loopback(one):
        return None
    shared: list[str] = []
    for ours, theirs in zip(reversed(one.split(".")), reversed(other.split(".")), strict=False):
        if ours != theirs:
            break
        shared.insert(0, ours)
    return ".".join(shared) if len(shared) > 1 else None


def is_address(host: str) -> bool:
    """Return whether ``host`` is an IP address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def covers(domain: str, host: str) -> bool:
    """Return whether a cookie of ``domain`` is sent to ``host`` (RFC 6265, section 5.1.3)."""
    return host == domain or host.endswith(f".{domain}")
