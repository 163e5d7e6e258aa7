"""Where Ory sends a browser back to: the allow-list of its operator."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from django_ory_mfa.testing._config import FakeConfig


def checked_return_to(config: FakeConfig, url: str) -> str | None:
    """``url``, made absolute if it is a path, or None if browsers may not be sent there."""
    if not url or config.allowed_return_urls is None:
        return url
    if url.startswith(f"{config.public_url}/self-service"):
        return url
    if url.startswith("/") and not url.startswith("//"):
        url = urljoin(config.default_return_url, url)
    try:
        wanted = urlsplit(url)
        allowed = [urlsplit(entry) for entry in config.allowed_return_urls]
        return url if any(_allows(entry, wanted) for entry in allowed) else None
    except ValueError:
        return None


def _allows(entry: SplitResult, url: SplitResult) -> bool:
    """Whether scheme, host and port are the same, and the path begins with that of ``entry``, letter by letter."""
    # As Ory does, nothing is normalised: /app allows /apple and /app/../other, and user-info is not looked at.
    same_host = _host_allows(entry.hostname or "", url.hostname or "") and entry.port == url.port
    return entry.scheme == url.scheme and same_host and (url.path or "/").startswith(entry.path or "/")


def _host_allows(pattern: str, host: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*") else host == pattern
