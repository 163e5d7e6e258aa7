"""The subcommand ``init``: its arguments, what it shows, and the files that it writes."""

from __future__ import annotations

import os
import secrets
import shlex
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, TextIO

from django.conf import settings
from django.core.management.base import OutputWrapper

from django_ory_mfa.management.control.failures import ControlError, UsageError
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.sources import save
from django_ory_mfa.management.control.terminal import Terminal
from django_ory_mfa.management.init.choices import Choices, Given, choose, without_password
from django_ory_mfa.management.init.identity_schema import identity_schema
from django_ory_mfa.management.init.kratos_yml import CONFIG_FILE, FIXED_SECRETS, SCHEMA_FILE, Secrets, kratos_yml
from django_ory_mfa.management.init.next_steps import next_steps

NEEDED = "registration", "recovery", "verification"
HIDDEN = Secrets("…", "…", "…")
NAMES = ("ORY_MFA_SDK_URL", "ORY_MFA_BROWSER_URL", "ORY_MFA_SITE_URL")
CLAIMS = ("ORY_MFA_WHOAMI_REQUIRED_AAL", "ORY_MFA_SETTINGS_REQUIRED_AAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions:
    """The options of ``init``."""

    folder: Path
    site_url: str | None
    ory_url: str | None
    ui_url: str | None
    admin_port: int
    name: str | None
    dsn: str | None
    smtp: str | None
    development_secrets: bool
    yes: bool
    dry_run: bool
    stdin: TextIO | None = None


def random_secret() -> str:
    """Return 32 random characters."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Init:
    """``manage.py ory_mfa init``, with its environment variables and the function that makes secrets."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    secret: Callable[[], str] = random_secret

    name: ClassVar[str] = "init"
    options_class: ClassVar[type[InitOptions]] = InitOptions
    help: ClassVar[str] = "Write kratos.yml and an identity schema for this site, to run a Kratos of your own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--folder",
            type=Path,
            default=Path("kratos"),
            metavar="PATH",
            help="where to write the two files (default: %(default)s)",
        )
        parser.add_argument("--site-url", metavar="URL", help="URL of this site (default: ORY_MFA_SITE_URL)")
        parser.add_argument(
            "--ory-url",
            metavar="URL",
            help="Kratos for browsers (default: that of the settings, or localhost:4433)",
        )
        parser.add_argument(
            "--ui-url", metavar="URL", help="below it are your own login, settings … (default: the pages of contrib.ui)"
        )
        parser.add_argument(
            "--admin-port", type=int, default=4434, metavar="PORT", help="port of the admin API (default: %(default)s)"
        )
        parser.add_argument("--name", help="what authenticator apps and mails call this site (default: its host)")
        parser.add_argument(
            "--dsn", help="database of Kratos (default: the environment variable DSN, or an SQLite file; or: memory)"
        )
        parser.add_argument(
            "--smtp",
            metavar="URI",
            help="mail server of Kratos (default: that of EMAIL_HOST; for a local site also 127.0.0.1:1025)",
        )
        parser.add_argument(
            "--development-secrets",
            action="store_true",
            help="fixed secrets that everybody knows, for files in a repository; on your own machine only",
        )
        parser.add_argument("--yes", "--noinput", "--no-input", action="store_true", dest="yes", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="show both files, without passwords, and stop")

    def run(self, options: InitOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Show the choices, ask, and write the files; no file is ever overwritten."""
        choices = choose(_given(options), self.environment)
        if options.development_secrets and not choices.is_local:
            raise UsageError("--development-secrets are for http://localhost only: everybody knows them.")
        paths = options.folder / CONFIG_FILE, options.folder / SCHEMA_FILE
        terminal = Terminal(stdout, stderr, options.stdin)
        if options.dry_run:
            terminal.say(_preview(choices, *paths))
            return 0
        _refuse_to_overwrite(*paths)
        terminal.say(_summary(choices))
        if not (options.yes or _is_confirmed(terminal, *paths)):
            terminal.say("Nothing was written.")
            return 1
        self._write(choices, *paths, is_fixed=options.development_secrets)
        terminal.say(f"Written: {_shown(paths[0])} (contains secrets, only you can read it), {_shown(paths[1])}.\n")
        _warn_of_open_folder(terminal, options.folder)
        known = {name: getattr(settings, name, None) for name in (*NAMES, *CLAIMS)}
        terminal.say(next_steps(choices, str(options.folder), known))
        return 0

    def _write(self, choices: Choices, config: Path, schema: Path, *, is_fixed: bool) -> None:
        new = FIXED_SECRETS if is_fixed else Secrets(self.secret(), self.secret(), self.secret())
        try:
            # SECURITY: an SQLite database will lie there too.
            config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ControlError(f"{_shown(config.parent)} cannot be made: {error.strerror}.") from error
        save(str(schema), identity_schema(), mode=0o644)
        try:
            save(str(config), kratos_yml(choices, new))
        except ControlError:
            schema.unlink()
            raise


def _given(options: InitOptions) -> Given:
    if not 0 < options.admin_port < 65536:
        raise UsageError("--admin-port must be between 1 and 65535.")
    if options.name is not None and not (options.name.strip() and options.name.isprintable()):
        raise UsageError("--name must be a printable text.")
    return Given(
        site_url=options.site_url,
        ory_url=options.ory_url,
        ui_url=options.ui_url,
        admin_port=options.admin_port,
        name=options.name,
        dsn=options.dsn,
        smtp=options.smtp,
    )


def _refuse_to_overwrite(*paths: Path) -> None:
    existing = [_shown(path) for path in paths if os.path.lexists(path)]
    if existing:
        raise ControlError(
            f"There is already {' and '.join(existing)}, and nothing is overwritten. Name another folder with "
            "--folder. To change single keys of the file, use ory_mfa enable, set and require."
        )


def _warn_of_open_folder(terminal: Terminal, folder: Path) -> None:
    """Say so if ``folder``, which was there before, is open to other users of this machine."""
    if folder.stat().st_mode & 0o077:
        terminal.say(
            f"Warning: other users of this machine can open the folder {_shown(folder)}, where an SQLite database of "
            f"Kratos would lie too. Close it to them:\n       chmod 700 {clean(shlex.quote(str(folder)))}\n"
        )


def _is_confirmed(terminal: Terminal, config: Path, schema: Path) -> bool:
    if not terminal.is_interactive:
        raise UsageError("There is no terminal to confirm at: add --yes.")
    return terminal.asks(f"Write {_shown(config)} and {_shown(schema)}?")


def _summary(choices: Choices) -> str:
    missing = ", ".join(page for page in NEEDED if page not in choices.pages)
    keys = choices.security_key_domain is not None
    rows = {
        "Site": choices.home,
        "Kratos": f"{choices.ory}, listens on port {choices.public_port}; admin API at {choices.admin}",
        "Cookies": "of the common host" if choices.cookie_domain is None else f"of {choices.cookie_domain}",
        "Database": without_password(choices.dsn),
        "Mails": f"{without_password(choices.smtp)}, from {choices.mail_from[1]}",
        "Pages": ", ".join(choices.pages) + (f"; without a page, and so off: {missing}" if missing else ""),
        "Second factors": "code by e-mail, authenticator app, recovery codes"
        + (", security keys" if keys else "; security keys need a host name, such as localhost"),
        "Passkeys": "on, as a first factor" if keys else "off, since they need a host name too",
        "required_aal": "highest_available, for whoami and for the settings page",
    }
    return "\n".join(f"{name:<15} {clean(value)}" for name, value in rows.items())


def _preview(choices: Choices, config: Path, schema: Path) -> str:
    hidden = replace(choices, dsn=without_password(choices.dsn), smtp=without_password(choices.smtp))
    texts = {config: kratos_yml(hidden, HIDDEN), schema: identity_schema()}
    return "\n".join(f"--- {_shown(path)}\n{text}" for path, text in texts.items())


def _shown(path: Path) -> str:
    return clean(path)
