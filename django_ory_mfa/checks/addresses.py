"""Check the URLs of Ory and the site: host names that share cookies, and no plain http between machines."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from django_ory_mfa.conf import conf

URLS = ("SDK_URL", "BROWSER_URL", "SITE_URL")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

W006 = checks.Warning(
    "ALLOWED_HOSTS lets every host pass, and ORY_MFA_SITE_URL is not set.",
    hint=(
        "The URL that Ory sends visitors back to is then built from the Host header, which a client can forge. Set "
        "ORY_MFA_SITE_URL to the origin of this site, or list its hosts in ALLOWED_HOSTS."
    ),
    id="ory_mfa.W006",
)


def cleartext(name: str) -> checks.Warning:
    """Return W007: a URL uses http over a network."""
    return checks.Warning(
        f"{name} uses http, so sessions can be read and stolen on the network.",
        hint=f"Make {name} an https URL. If the connection stays inside a private network, silence ory_mfa.W007.",
        id="ory_mfa.W007",
    )


def two_loopbacks(ory: str, site: str) -> checks.Warning:
    """Return W008: Ory and the site use two names of this machine, which are two hosts to a browser."""
    return checks.Warning(
        f"Browsers reach Ory at {ory} and this site at {site}: these are two different hosts, which share no cookies.",
        hint=f"Use the same name for both, such as {site} in ORY_MFA_SDK_URL, and open the site under it.",
        id="ory_mfa.W008",
    )


def check_hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The host in a ``return_to`` can only be one of this site."""
    return [W006] if "*" in settings.ALLOWED_HOSTS and not getattr(settings, "ORY_MFA_SITE_URL", None) else []


def check_loopback(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A local Ory and a local site use the same host name."""
    ory = host_of(_url("BROWSER_URL"))
    site = _url("SITE_URL")
    hosts = [host_of(site)] if site else [_bare(host) for host in settings.ALLOWED_HOSTS]
    if ory not in LOOPBACK_NAMES or ory in hosts:
        return []
    others = [host for host in hosts if host in LOOPBACK_NAMES]
    return [two_loopbacks(ory, others[0])] if others else []


def check_https(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No URL sends sessions over a network without TLS."""
    urls = {name: _url(name) for name in URLS if getattr(settings, f"ORY_MFA_{name}", None)}
    return [
        cleartext(f"ORY_MFA_{name}")
        for name, url in urls.items()
        if url is not None and urlsplit(url).scheme == "http" and not is_loopback(host_of(url))
    ]


def host_of(url: str | None) -> str:
    """Return the host in ``url`` in lower case, without port and brackets; empty if there is none."""
    return (urlsplit(url).hostname or "") if url else ""


def is_loopback(host: str) -> bool:
    """Whether ``host`` always means this machine (RFC 6761 for names)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _url(name: str) -> str | None:
    try:
        url: str | None = getattr(conf, name.lower())
    except ImproperlyConfigured:
        # check_values reports it.
        return None
    return url


def _bare(host: object) -> str:
    return str(host).lower().strip("[]")
