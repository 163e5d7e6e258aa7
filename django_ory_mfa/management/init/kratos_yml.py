"""The text of ``kratos.yml``. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django_ory_mfa.management.init.choices import Choices
from django_ory_mfa.management.init.identity_schema import SCHEMA_ID

CONFIG_FILE = "kratos.yml"
SCHEMA_FILE = "identity.schema.json"

INTRODUCTION = """\
# The configuration of Ory Kratos for {site}, made by "manage.py ory_mfa init".
#
# Start it in the folder of this file:
#     kratos migrate sql up -e -c {file} --yes      # once, and after each new version of Kratos; not for dsn "memory"
#     kratos serve -c {file} {flags}
# Kratos reads the file again whenever it changes; for another mail server, start it again. Environment variables win
# over it: DSN, SERVE_PUBLIC_HOST, COURIER_SMTP_CONNECTION_URI, and so on.
# All keys: https://www.ory.sh/docs/kratos/reference/configuration
# Show and change those for multi-factor authentication: manage.py ory_mfa show --file {file}
# Made for Kratos v1.3.1 and later.
version: v1.3.1

# The database. In production PostgreSQL: postgres://USER:PASSWORD@HOST:5432/kratos?sslmode=verify-full
dsn: {dsn}

serve:
  public:                      # what browsers and Django call
    base_url: {base_url}
    host: 127.0.0.1            # in a container: SERVE_PUBLIC_HOST=0.0.0.0
    port: {public_port}
  admin:                       # needs no password: never let it be reached from outside
    base_url: {admin}/
    host: 127.0.0.1
    port: {admin_port}
"""

PEOPLE = """
# What is stored of a person; the address in it is also where codes are sent.
identity:
  default_schema_id: {schema_id}
  schemas:
    - id: {schema_id}
      url: file://{schema_file}
"""

SECRETS = """
{note}
secrets:
  # To change one, put the new one first in its list and keep the old one behind it for a while.
  default: [{default}]
  cookie: [{cookie}]
  # 32 characters. It encrypts what is stored, such as the secrets of authenticator apps: do not lose it.
  cipher: [{cipher}]
ciphers:
  algorithm: xchacha20-poly1305
"""
RANDOM = "# Made at random for this file. Keep them secret, and the same on every server."
FIXED = "# FOR DEVELOPMENT ONLY: these secrets are public. A site that people use needs its own."

SESSION = """
session:
  lifespan: 24h
{cookie}  whoami:                      # what Ory answers to Django's question who is signed in
    required_aal: highest_available     # 403 until people who have a second factor have used it
"""

METHODS = """
selfservice:
  default_browser_return_url: {home}
  allowed_return_urls:         # where Ory may send people back to; end each with a slash
    - {home}
  methods:
    password:
      enabled: true
      config:
        # Refuses passwords from known leaks, by asking api.pwnedpasswords.com. Without internet access each
        # sign-up and new password waits for it, up to half a minute: then take false, on your own machine.
        haveibeenpwned_enabled: true
        ignore_network_errors: true
    # Second factors.
    code:                      # a code by e-mail, for everybody; also for recovery and verification
      enabled: true
      mfa_enabled: true
      passwordless_enabled: false       # Ory allows codes to be the second factor or the first, not both
    totp:                      # an authenticator app
      enabled: true
      config:
        issuer: {name}    # the name that the app shows
    lookup_secret:             # recovery codes
      enabled: true
"""

SECURITY_KEYS = """\
    webauthn:                  # security keys
      enabled: true
      config:
        passwordless: false    # true would make them a first factor
        rp:
          id: {domain}
          display_name: {name}
          origins: [{site}]
    # Sign-in without a password. To Ory a passkey is a first factor, so a second one is still asked for.
    passkey:
      enabled: true
      config:
        rp:
          id: {domain}
          display_name: {name}
          origins: [{site}]
"""
NO_SECURITY_KEYS = """\
    # Browsers accept no security keys and passkeys at an IP address: open the site and Ory as localhost for them.
    webauthn:
      enabled: false
    passkey:
      enabled: false
"""
LINK = """\
    link:
      enabled: false           # recovery and verification are by code
"""

FLOWS = """\
  # The pages of the flows: sign-in, settings and so on. Ory sends people there; the pages get the forms from Ory.
  flows:
    login:
      ui_url: {login}
    settings:
      ui_url: {settings}
      # Never aal1: whoever knows only a password could then set up a second factor of their own.
      required_aal: highest_available
      privileged_session_max_age: 15m   # after that, Ory asks again before a factor or password changes
    error:
      ui_url: {error}
    logout:
      after:
        default_browser_return_url: {home}
"""
REGISTRATION = """\
    registration:              # false: only people whom you make by the admin API or "kratos import identities"
      enabled: true
      ui_url: {url}
      after:
        password: {{ hooks: [{{ hook: session }}] }}     # signed in at once
        passkey: {{ hooks: [{{ hook: session }}] }}
"""
BY_CODE = """\
    {flow}:
      enabled: true
      use: code
      ui_url: {url}
"""
NO_FLOW = """\
    {flow}:
      enabled: false           # this site has no page for it
"""

COURIER = """
# Sends codes, but only if Kratos runs with --watch-courier.
courier:
  smtp:
    connection_uri: {smtp}
    from_address: {address}
    from_name: {name}
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The three secrets of a Kratos; ``is_fixed`` if they are those of everybody, for development."""

    default: str = field(repr=False)
    cookie: str = field(repr=False)
    cipher: str = field(repr=False)
    is_fixed: bool = False


FIXED_SECRETS = Secrets(
    "development-only-default-secret",
    "development-only-cookie-secret",
    "development-only-cipher-secret-1",
    is_fixed=True,
)


def kratos_yml(choices: Choices, secrets: Secrets) -> str:
    """Return a complete configuration with comments; the same arguments give the same text."""
    return "".join(_parts(choices, secrets))


def flags(choices: Choices) -> str:
    """Return the options that ``kratos serve`` needs beside the file."""
    return "--dev --watch-courier" if choices.is_local else "--watch-courier"


def _parts(choices: Choices, secrets: Secrets) -> Iterator[str]:
    site, home, name = _text(choices.site), _text(choices.home), _text(choices.name)
    yield INTRODUCTION.format(
        site=choices.site,
        file=CONFIG_FILE,
        flags=flags(choices),
        dsn=_text(choices.dsn),
        base_url=_text(f"{choices.ory}/"),
        public_port=choices.public_port,
        admin=choices.admin,
        admin_port=choices.admin_port,
    )
    yield from _cookies(choices)
    yield PEOPLE.format(schema_id=SCHEMA_ID, schema_file=SCHEMA_FILE)
    yield SECRETS.format(
        note=FIXED if secrets.is_fixed else RANDOM,
        default=_text(secrets.default),
        cookie=_text(secrets.cookie),
        cipher=_text(secrets.cipher),
    )
    cookie = "" if choices.cookie_name is None else f"  cookie:\n    name: {_text(choices.cookie_name)}\n"
    yield SESSION.format(cookie=cookie)
    yield METHODS.format(home=home, name=name)
    if choices.security_key_domain is None:
        yield NO_SECURITY_KEYS
    else:
        yield SECURITY_KEYS.format(domain=_text(choices.security_key_domain), name=name, site=site)
    yield LINK
    yield from _flows(choices)
    mail_name, address = choices.mail_from
    yield COURIER.format(smtp=_text(choices.smtp), address=_text(address), name=_text(mail_name or choices.name))


def _cookies(choices: Choices) -> Iterator[str]:
    if choices.cookie_domain is None:
        host = urlsplit(choices.site).hostname
        yield f"\n# No cookies.domain: site and Kratos are both on {host}, and ports do not matter to cookies.\n"
    else:
        yield "\n# Browsers send Ory's cookies to every host of this domain, so to the site too.\n"
        yield f"cookies:\n  domain: {_text(choices.cookie_domain)}\n  same_site: Lax\n"


def _flows(choices: Choices) -> Iterator[str]:
    pages = {page: _text(url) for page, url in choices.pages.items()}
    yield FLOWS.format(
        **{page: pages.get(page, "") for page in ("login", "settings", "error")}, home=_text(choices.home)
    )
    if "registration" in pages:
        yield REGISTRATION.format(url=pages["registration"])
    else:
        yield NO_FLOW.format(flow="registration")
    for flow in ("recovery", "verification"):
        yield BY_CODE.format(flow=flow, url=pages[flow]) if flow in pages else NO_FLOW.format(flow=flow)


def _text(value: str) -> str:
    """Return ``value`` as a quoted text, which YAML takes from JSON."""
    return json.dumps(value, ensure_ascii=False)
