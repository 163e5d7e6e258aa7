"""The URL of the Console API and its key, from options or environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.reading import read_whole
from django_ory_mfa.management.control.shown import clean

CONSOLE_URL = "https://console.ory.com"
PROJECT_KEYS = ("ory_pat_", "ory_apikey_", "ory_pt_")
LONGEST_KEY = 4096  # bytes
NO_KEY = (
    "There is no API key: set ORY_WORKSPACE_API_KEY to a workspace API key (ory_wak_…), or name a file with it by "
    "--api-key-file. Create one in the Ory Console, in the settings of the workspace."
)
PROJECT_KEY = (
    "This is a project API key, which cannot read configurations: use a workspace API key (ory_wak_…). Nothing was "
    "sent."
)


def api_url(given: str | None, environment: Mapping[str, str]) -> str:
    """Return the URL of the Console API: ``given``, else ``api.`` before the host of ``ORY_CONSOLE_URL``.

    The second is what the Ory CLI does. An IP address and localhost have no such name and are used unchanged. Raises
    ``ControlError`` for a URL that the key must not be sent to.
    """
    if given is not None:
        return _checked(given, "--console-api-url")
    console = _checked(environment.get("ORY_CONSOLE_URL") or CONSOLE_URL, "ORY_CONSOLE_URL")
    parts = urlsplit(console)
    if parts.hostname == "localhost" or _address(parts.hostname or "") is not None:
        return console
    # SECURITY: this is another host, so it is checked again.
    return _checked(f"{parts.scheme}://api.{parts.netloc}", "ORY_CONSOLE_URL")


def _checked(url: str, source: str) -> str:
    # SECURITY: the key is sent there, so the connection must be encrypted or stay on this machine.
    parts = _split(url)
    # A URL such as https://:443 has a netloc, and no host.
    host = parts.hostname or ""
    is_safe = host != "" and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))
    if not is_safe or not re.fullmatch(r"[a-z0-9.:\[\]-]+", parts.netloc) or parts.path.strip("/") or parts.query:
        message = (
            f"{source} must be https://HOST, or http:// and the loopback address, without path and user information."
        )
        raise ControlError(message)
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.lower())
    except ValueError:
        return SplitResult("", "", "", "", "")


def _is_loopback(host: str) -> bool:
    # Not a name below localhost: if it does not resolve here, another machine may be asked for it.
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def api_key(file: str | None, environment: Mapping[str, str]) -> str:
    """Return the workspace API key; raises ``ControlError`` if there is none or it cannot be one."""
    key = (_from_file(file) if file is not None else environment.get("ORY_WORKSPACE_API_KEY", "")).strip()
    if not key:
        raise ControlError(NO_KEY)
    if key.startswith(PROJECT_KEYS):
        raise ControlError(PROJECT_KEY)
    # SECURITY: the key is not shown, and no character is sent that could end the header.
    if not re.fullmatch(r"[!-~]+", key):
        raise ControlError("The workspace API key contains characters that no key has. Nothing was sent.")
    return key


def _from_file(name: str) -> str:
    try:
        return read_whole(Path(name), limit=LONGEST_KEY, kind="an API key").decode()
    except UnicodeDecodeError:
        raise ControlError(f"{clean(name)} does not contain an API key.") from None
