"""The subcommand ``doctor``: its arguments, and its results as text and as JSON."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from django.core.management.base import CommandError, OutputWrapper
from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.core.credentials import TOKEN_PREFIX, Credential, choose_credential
from django_ory_mfa.management.base_url import base_url
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.terminal import Terminal
from django_ory_mfa.management.doctor.collect import Account, Given
from django_ory_mfa.management.doctor.examination import examine
from django_ory_mfa.management.doctor.results import Result, Status

FOUND_SOMETHING = 1
MISUSED = 2
MAY_SEND_CODE = (
    "Ory shows no authenticator app, recovery codes or security key of {email}. To see whether codes count, a second "
    "step has to be begun, for which Ory may send {email} a code. Begin it?"
)
LARGEST_FILE = 10_000  # bytes
FAIL_LEVELS = {"failed": {Status.FAILED}, "warning": {Status.FAILED, Status.WARNING}}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorOptions:
    """The options of ``doctor``."""

    offline: bool
    site_url: Sequence[str]
    session_token_file: Path | None
    account: str | None
    admin_url: str | None
    fail_level: str
    json: bool
    stdin: TextIO | None = None


class Doctor:
    """``manage.py ory_mfa doctor``."""

    name = "doctor"
    options_class = DoctorOptions
    help = "Find out why signing in or step-up does not work, and what to change. Changes nothing itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--offline", action="store_true", help="check the settings only; send nothing to Ory")
        parser.add_argument(
            "--site-url",
            action="append",
            default=[],
            metavar="URL",
            help="URL that people open this site at, with its path, if not ORY_MFA_SITE_URL; may be repeated",
        )
        person = parser.add_mutually_exclusive_group()
        person.add_argument(
            "--as",
            dest="account",
            metavar="EMAIL",
            help="a test account to sign in with, and out again; its password is asked for at the terminal",
        )
        person.add_argument(
            "--session-token-file",
            type=Path,
            metavar="FILE",
            help="file with the session token of a test account that has a second factor and has not used it",
        )
        parser.add_argument(
            "--admin-url", metavar="URL", help="the admin API of your Kratos, such as http://127.0.0.1:4434"
        )
        parser.add_argument(
            "--fail-level",
            choices=sorted(FAIL_LEVELS),
            default="failed",
            help="the lowest result that makes the exit code 1 (default: %(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="print the results as JSON")

    @sensitive_variables()
    def run(self, options: DoctorOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Print the results of all checks and return 1 if one failed."""
        terminal = Terminal(stdout, stderr, options.stdin, is_json=options.json)
        given = Given(
            tuple(base_url("--site-url", url) for url in options.site_url),
            _credential(options.session_token_file),
            None if options.account is None or options.offline else _account(options.account, terminal),
            None if options.admin_url is None else base_url("--admin-url", options.admin_url),
        )
        results = examine(given, live=not options.offline)
        bad = FAIL_LEVELS[options.fail_level]
        is_bad = any(result.status in bad for result in results)
        stdout.write(_as_json(results, is_ok=not is_bad) if options.json else _as_text(results))
        return FOUND_SOMETHING if is_bad else 0


@sensitive_variables()
def _account(email: str, terminal: Terminal) -> Account:
    if not terminal.is_interactive:
        message = "--as asks for a password, and there is no terminal: use --session-token-file"
        raise CommandError(message, returncode=MISUSED)
    password = terminal.asks_secret(f"Password of {clean(email)} at Ory: ")
    return Account(email, password, partial(terminal.asks, MAY_SEND_CODE.format(email=clean(email))))


@sensitive_variables()
def _credential(path: Path | None) -> Credential | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        message = f"--session-token-file: {error}"
        raise CommandError(message, returncode=MISUSED) from error
    # One that is longer holds more than a token, and is not sent in part.
    token = content.decode("ascii", "replace").strip() if len(content) <= LARGEST_FILE else ""
    credential = choose_credential(session_token=token, cookies=(), authorization="")
    # SECURITY: only a text that starts like a session token is sent to Ory, so no API key is; no text of the file is
    # shown.
    if credential is None:
        message = f"--session-token-file: {path} does not contain a session token, which starts with {TOKEN_PREFIX}"
        raise CommandError(message, returncode=MISUSED)
    return credential


def _as_json(results: Sequence[Result], *, is_ok: bool) -> str:
    listed = [
        {"check": result.check, "status": result.status, "reason": result.reason, "fix": result.fix or None}
        for result in results
    ]
    return json.dumps({"ok": is_ok, "results": listed}, indent=2)


def _as_text(results: Sequence[Result]) -> str:
    lines = [line for result in results for line in _lines(result)]
    counts = ", ".join(f"{sum(result.status is status for result in results)} {status}" for status in Status)
    return "\n".join([*lines, "", f"{counts}."])


def _lines(result: Result) -> list[str]:
    shown = result.status.upper() if result.status in FAIL_LEVELS["warning"] else result.status
    line = f"{shown:<12} {result.check:<18} {result.reason}"
    return [line, f"{'':<12} {'':<18} -> {result.fix}"] if result.fix else [line]
