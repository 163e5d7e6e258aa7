"""What the files depend on, derived from the command line, the settings and the URL configuration of this site."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.translation import get_language

from django_ory_mfa.checks.addresses import is_loopback
from django_ory_mfa.conf import conf, network_cookie
from django_ory_mfa.management.base_url import base_url
from django_ory_mfa.management.control.failures import ControlError, UsageError
from django_ory_mfa.management.hosts import common_parent, is_address

PAGES = ("login", "registration", "recovery", "verification", "settings", "error")
NEEDED_PAGES = ("login", "settings", "error")
PUBLIC_PORT = 4433
LOCAL_ORY = f"http://localhost:{PUBLIC_PORT}"
SITE_PORT = 8000
NO_TLS = "?disable_starttls=true"
LOCAL_MAIL = f"smtp://127.0.0.1:1025/{NO_TLS}"
MAIL_HERE = re.compile(r"smtp://(?:[^@/?#]*@)?(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?/?")
NO_MAIL = (
    "Kratos sends codes by e-mail, and no mail server is known. Name one with --smtp, such as "
    "smtps://USER:PASSWORD@mail.example.com:465/, or smtp://localhost:25/?disable_starttls=true for one on the same "
    "machine; or set that of this site, EMAIL_HOST."
)
SQLITE = "sqlite://kratos.sqlite?_fk=true&mode=rwc"
NO_PAGES = (
    "This site has no pages for Ory's forms. Add this line to its URL configuration, or name pages of your own with "
    '--ui-url:\n    path("ory/", include("django_ory_mfa.contrib.ui.urls")),'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says; None where the settings decide."""

    site_url: str | None = None
    ory_url: str | None = None
    ui_url: str | None = None
    admin_port: int = 4434
    name: str | None = None
    dsn: str | None = None
    smtp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything that the files depend on but the secrets; URLs are without a trailing slash.

    ``home`` is the root of the site, where Ory sends people who were not on their way to a page; ``start`` is a page to
    begin with that exists. ``pages`` are the URLs of Ory's pages by their name. ``dsn`` and ``smtp`` may contain
    passwords.
    """

    site: str
    home: str
    start: str
    ory: str
    public_port: int
    admin_port: int
    pages: Mapping[str, str]
    name: str
    cookie_domain: str | None
    cookie_name: str | None
    security_key_domain: str | None
    dsn: str = field(repr=False)
    smtp: str = field(repr=False)
    mail_from: tuple[str, str] = ("", "")

    @property
    def is_local(self) -> bool:
        """Whether Ory is served without https, which only works on one machine."""
        return self.ory.startswith("http://")

    @property
    def admin(self) -> str:
        """The URL of the admin API."""
        return f"http://127.0.0.1:{self.admin_port}"


def choose(given: Given, environment: Mapping[str, str]) -> Choices:
    """Return the choices; raises ``ControlError`` for settings that are invalid or lead nowhere."""
    try:
        sdk = conf.sdk_url if getattr(settings, "ORY_MFA_SDK_URL", None) else None
        ory = _url("--ory-url", given.ory_url) or (conf.browser_url if sdk else None)
        site = _url("--site-url", given.site_url) or conf.site_url
        cookie_name = _cookie_name(sdk)
    except ImproperlyConfigured as error:
        raise ControlError(str(error)) from error
    if ory is not None and network_cookie(ory):
        raise ControlError(
            "ORY_MFA_SDK_URL names a project of Ory Network, which needs no files. For a Kratos of your own, add "
            f"--ory-url {LOCAL_ORY}."
        )
    ory, site = _pair(ory, site)
    host, site_host = _host(ory), _host(site)
    domain = _cookie_domain(host, site_host)
    home, pages = f"{site}{get_script_prefix()}", _pages(site, given.ui_url)
    return Choices(
        site=site,
        home=home,
        start=home if _has_home() else _first_page(site, pages),
        ory=ory,
        public_port=_public_port(sdk if given.ory_url is None else None, ory, site),
        admin_port=given.admin_port,
        pages=pages,
        name=given.name or site_host,
        cookie_domain=domain,
        cookie_name=cookie_name,
        security_key_domain=None if is_address(host) else domain or host,
        dsn=given.dsn or environment.get("DSN") or SQLITE,
        smtp=_without_tls_here(given.smtp or environment.get("COURIER_SMTP_CONNECTION_URI") or "")
        or _smtp(is_local=is_loopback(site_host)),
        mail_from=_mail_from(site_host),
    )


EMAIL_SETTINGS = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
}


def without_password(url: str) -> str:
    """Return ``url`` with ``…`` in the place of user name, password and query, which may hold a password, too."""
    before, query, behind = url.partition("?")
    if "@" in behind:
        # Is it the end of a password with a question mark, or a part of the query?
        return re.sub(r"//.*", "//…", before)
    return re.sub(r"//.*@", "//…@", before) + ("?…" if query else "")


def _url(option: str, url: str | None) -> str | None:
    return None if url is None else base_url(option, url)


def _pair(ory: str | None, site: str | None) -> tuple[str, str]:
    """Return both URLs; the one that is unknown is on the local host of the other."""
    if ory is None and site is not None and not is_loopback(_host(site)):
        raise UsageError(
            f"Name the URL at which browsers will open Kratos, with --ory-url: a host that shares a domain with {site}."
        )
    ory = ory or (f"http://{urlsplit(site).hostname}:{PUBLIC_PORT}" if site else LOCAL_ORY)
    if site is None and not is_loopback(_host(ory)):
        raise UsageError("Name the URL of this site with --site-url, or set ORY_MFA_SITE_URL.")
    site = site or f"http://{urlsplit(ory).hostname}:{SITE_PORT}"
    if urlsplit(site).path:
        raise UsageError("--site-url must be an origin, without a path.")
    if ory.startswith("http://") and not is_loopback(_host(ory)):
        raise UsageError(f"{ory} is on the network, so it must be https: over http, sessions and codes can be read.")
    return ory, site


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _cookie_domain(ory: str, site: str) -> str | None:
    """Return the domain for Ory's cookies; None if both hosts are the same, which needs none."""
    if ory == site:
        return None
    domain = common_parent(ory, site)
    if domain is None:
        raise ControlError(
            f"Browsers would not send the cookies of {ory} to {site}: they are different hosts without a common "
            "domain. On your own machine open both as localhost; elsewhere give Kratos a host beside the site, such as "
            "auth.example.com for www.example.com."
        )
    return domain


def _cookie_name(sdk: str | None) -> str | None:
    return conf.session_cookie if sdk and getattr(settings, "ORY_MFA_SESSION_COOKIE", None) else None


def _public_port(sdk: str | None, ory: str, site: str) -> int:
    """Return the port that Kratos listens on; behind a proxy it is one of its own."""
    plain = (urlsplit(url) for url in (sdk, ory) if url is not None and url.startswith("http://"))
    # Below a path of the site, a proxy listens there and passes the path on to Kratos.
    return next((parts.port for parts in plain if parts.port and f"http://{parts.netloc}" != site), PUBLIC_PORT)


def _pages(site: str, base: str | None) -> dict[str, str]:
    own = _url("--ui-url", base)
    if own is not None:
        return {page: f"{own}/{page}" for page in PAGES}
    pages = {page: f"{site}{path}" for page in PAGES if (path := _path(f"ory_ui:{page}")) is not None}
    if not pages.keys() >= {*NEEDED_PAGES}:
        raise ControlError(NO_PAGES)
    return pages


def _has_home() -> bool:
    """Whether the URL configuration has a page at the root, or one that ``LocaleMiddleware`` redirects to."""
    return any(_is_page(path) for path in ("/", f"/{get_language()}/"))


def _is_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _first_page(site: str, pages: Mapping[str, str]) -> str:
    """Return the page of this package that shows whether one is signed in, or that of sign-in."""
    path = _path("ory_mfa:settings")
    return pages["login"] if path is None else f"{site}{path}"


def _path(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _without_tls_here(uri: str) -> str:
    """Return ``uri``; for a server on this machine, whose options it does not name, with what sends without TLS."""
    # Kratos insists on STARTTLS otherwise, and catchers of mails have none.
    return f"{uri.rstrip('/')}/{NO_TLS}" if MAIL_HERE.fullmatch(uri) else uri


def _smtp(*, is_local: bool) -> str:
    """Return the mail server in Django's settings; if they name none, a mail catcher for a site on this machine."""
    server = _mail_server()
    host = str(server.get("host") or "localhost")
    if host == "localhost":
        if is_local:
            return LOCAL_MAIL
        # Django's own default is the same host, so it does not say that a mail server is there.
        raise UsageError(NO_MAIL)
    user, password = (str(server.get(name) or "") for name in ("username", "password"))
    account = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    is_tls, is_starttls = (bool(server.get(name)) for name in ("use_ssl", "use_tls"))
    end = "" if is_tls or is_starttls else NO_TLS
    return f"{'smtps' if is_tls else 'smtp'}://{account}{host}:{server.get('port') or 25}/{end}"


def _mail_server() -> dict[str, Any]:
    """Return ``MAILERS["default"]["OPTIONS"]``, or what the ``EMAIL_…`` settings say by the same names."""
    mailers: dict[str, Any] | None = getattr(settings, "MAILERS", None)
    if mailers is not None:
        options: dict[str, Any] = mailers.get("default", {}).get("OPTIONS", {})
        return options
    with warnings.catch_warnings():
        # Django 6.1 warns the site itself.
        warnings.simplefilter("ignore")
        return {name: getattr(settings, setting, None) for name, setting in EMAIL_SETTINGS.items()}


def _mail_from(host: str) -> tuple[str, str]:
    """Return name and address of the sender."""
    name, address = parseaddr(str(getattr(settings, "DEFAULT_FROM_EMAIL", "")))
    is_default = address in ("", "webmaster@localhost")
    return (name, f"no-reply@{'example.test' if is_address(host) else host}" if is_default else address)
