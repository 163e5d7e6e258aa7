"""Check that the Content Security Policy allows forms to redirect to Ory.

Signing out, and any form that a guard answers with a redirect, leads to Ory. Chromium applies ``form-action`` to that
redirect too. https://www.w3.org/TR/CSP3/#directive-form-action
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from django_ory_mfa.checks.order import positions
from django_ory_mfa.conf import conf
from django_ory_mfa.core.flows import DEFAULT_PORTS, origin

OF_DJANGO = "django.middleware.csp.ContentSecurityPolicyMiddleware"
OF_DJANGO_CSP = "csp.middleware.CSPMiddleware"
# https://www.w3.org/TR/CSP3/#grammardef-host-source
HOST_SOURCE = re.compile(r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>[^:/]+)(?::(?P<port>\d+|\*))?(?:/.*)?", re.I)


def form_action_blocks(setting: str, ory: str) -> checks.Warning:
    """Return W010: a policy blocks the redirect of a form to Ory."""
    return checks.Warning(
        f"form-action in {setting} does not allow Ory: Chromium blocks sign-out, and step-up after a form.",
        hint=f"Add '{ory}' to form-action in {setting}.",
        id="ory_mfa.W010",
    )


def check_form_action(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The ``form-action`` policy, if there is one, allows Ory."""
    try:
        ory, site = urlsplit(conf.browser_url), conf.site_url
    except ImproperlyConfigured:
        # check_values reports it.
        return []
    shown = f"{ory.scheme}://{ory.netloc}"
    return [
        form_action_blocks(setting, shown)
        for setting, value in _policies()
        if (sources := _sources(value)) is not None and not any(_allows(source, ory, site) for source in sources)
    ]


def _policies() -> Iterable[tuple[str, Any]]:
    """Yield the settings that are in force, with their value of ``form-action``."""
    if positions(OF_DJANGO):
        yield "SECURE_CSP", _directive(getattr(settings, "SECURE_CSP", None))
    if positions(OF_DJANGO_CSP):
        policy = getattr(settings, "CONTENT_SECURITY_POLICY", None)
        if isinstance(policy, dict):
            yield "CONTENT_SECURITY_POLICY", _directive(policy.get("DIRECTIVES"))
        else:
            # The setting of django-csp before 4.0.
            yield "CSP_FORM_ACTION", getattr(settings, "CSP_FORM_ACTION", None)


def _directive(policy: Any) -> Any:
    return policy.get("form-action") if isinstance(policy, dict) else None


def _sources(value: Any) -> list[str] | None:
    """Return the source expressions in the header; None without such a directive, which allows everything."""
    if value is True:
        return []
    values = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return " ".join(str(one) for one in values).split() if value else None


def _allows(source: str, url: SplitResult, site: str | None) -> bool:
    """Whether a source expression matches ``url``. Paths are not compared, as browsers ignore them after a redirect."""
    if source == "'self'":
        return _is_own_origin(url, site)
    if source == "*":
        return True
    if source.endswith(":"):
        return _scheme_allows(source[:-1], url.scheme)
    match = HOST_SOURCE.fullmatch(source)
    if match is None:
        return False
    page_scheme = urlsplit(site).scheme if site else "http"
    return (
        _scheme_allows(match["scheme"] or page_scheme, url.scheme)
        and _host_allows(match["host"].lower(), url.hostname or "")
        and _port_allows(match["port"], url)
    )


def _is_own_origin(url: SplitResult, site: str | None) -> bool:
    if site is not None:
        return origin(urlsplit(site)) == origin(url)
    # The port of the site is unknown. If the site shares its origin with Ory, it uses the default port.
    is_usual = origin(url)[2] == DEFAULT_PORTS[url.scheme]
    return is_usual and validate_host(url.hostname or "", settings.ALLOWED_HOSTS)


def _scheme_allows(allowed: str, scheme: str) -> bool:
    return allowed.lower() == scheme or (allowed.lower(), scheme) == ("http", "https")


def _host_allows(allowed: str, host: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else allowed in ("*", host)


def _port_allows(allowed: str | None, url: SplitResult) -> bool:
    port = origin(url)[2]
    if allowed is None:
        return port == DEFAULT_PORTS[url.scheme]
    return allowed in ("*", str(port)) or (allowed, port) == ("80", 443)
