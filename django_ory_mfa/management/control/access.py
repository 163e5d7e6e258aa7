"""Where the Console API is and which key opens it: from the environment, or from options."""

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
    "There is no key: set ORY_WORKSPACE_API_KEY to a workspace API key (ory_wak_…), or name a file that holds it with "
    "--api-key-file. Make one in the Ory Console, in the settings of the workspace."
)
PROJECT_KEY = "This is a project key; configuration needs a workspace key (ory_wak_…). Nothing was sent."


def api_url(given: str | None, environment: Mapping[str, str]) -> str:
    """The Console API's URL: ``given``, else as in the Ory CLI ``api.`` before the host of ``ORY_CONSOLE_URL``.

    There is no such name for an IP address or localhost; these are taken as they are.
    """
    if given is not None:
        return _checked(given, "--console-api-url")
    console = _checked(environment.get("ORY_CONSOLE_URL") or CONSOLE_URL, "ORY_CONSOLE_URL")
    parts = urlsplit(console)
    if parts.hostname == "localhost" or _address(parts.hostname or "") is not None:
        return console
    # SECURITY: it is another host now, so what was said of the first need not hold for it.
    return _checked(f"{parts.scheme}://api.{parts.netloc}", "ORY_CONSOLE_URL")


def _checked(url: str, source: str) -> str:
    # SECURITY: the key goes there, so the way has to be encrypted, unless it does not leave this machine.
    parts = _split(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not is_safe or not re.fullmatch(r"[a-z0-9.:\[\]-]+", parts.netloc) or parts.path.strip("/") or parts.query:
        message = f"{source} must be https://HOST, or http://HOST on this machine, without a path and user information."
        raise ControlError(message)
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.lower())
    except ValueError:
        return SplitResult("", "", "", "", "")


def _is_loopback(host: str) -> bool:
    # No name below it: what does not resolve here may be asked for elsewhere.
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
    """The workspace API key; raises ``ControlError`` for what is none, before anything is sent."""
    key = (_from_file(file) if file is not None else environment.get("ORY_WORKSPACE_API_KEY", "")).strip()
    if not key:
        raise ControlError(NO_KEY)
    if key.startswith(PROJECT_KEYS):
        raise ControlError(PROJECT_KEY)
    # SECURITY: the key is not shown, and nothing that could break out of a header is sent.
    if not re.fullmatch(r"[!-~]+", key):
        raise ControlError("The workspace API key holds characters that no key has. Nothing was sent.")
    return key


def _from_file(name: str) -> str:
    try:
        return read_whole(Path(name), limit=LONGEST_KEY, kind="an API key").decode()
    except UnicodeDecodeError:
        raise ControlError(f"{clean(name)} holds no API key.") from None
