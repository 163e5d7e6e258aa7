"""``manage.py ory_mfa_emulator``: Ory on this machine, without an account."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import DEMO_PEOPLE, Emulator, PeopleError, read_people
from django_ory_mfa.testing.emulator.server import HOST, LOCALHOST, VERSION, default_return_urls, switch_keys_on

_NO_KEYS_AT_AN_ADDRESS = f"browsers accept none at an IP address; start with --host {LOCALHOST} for them."
_NO_LIBRARY = 'they need fido2, which the extra "emulator" installs.'


class Command(BaseCommand):
    """Runs the emulator until it is interrupted."""

    help = "Answers like Ory on this machine: sign-in, second factors, settings. For development; keeps nothing."
    requires_system_checks = ()
    emulator_class = Emulator

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be chosen."""
        parser.add_argument("--port", type=int, default=4433, help="0: any free port (default: %(default)s)")
        parser.add_argument(
            "--host",
            choices=(HOST, LOCALHOST),
            default=HOST,
            help="the name that browsers call it by; security keys and passkeys need a name (default: %(default)s)",
        )
        parser.add_argument("--lax", action="store_true", help="required_aal aal1 instead of highest_available")
        parser.add_argument("--people", type=Path, metavar="FILE", help="a JSON or YAML file with people to sign in as")
        parser.add_argument(
            "--return-url",
            action="append",
            metavar="URL",
            help="where browsers may be sent back to; may be repeated (default: port 8000 of the host)",
        )
        parser.add_argument(
            "--ui-url",
            metavar="URL",
            help="where your own pages for sign-in, settings and errors are, as URL/login and so on; default: built in",
        )
        parser.add_argument(
            "--code-mfa", action=BooleanOptionalAction, default=True, help="whether codes by e-mail are a second factor"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Starts it, says what to open, and waits."""
        if not settings.DEBUG:
            raise CommandError("The emulator lets everybody in; it runs only where DEBUG is on.")
        emulator = self._emulator(options).start()
        try:
            self._say_what_to_open(emulator)
            emulator.wait()
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            emulator.close()

    def _emulator(self, options: dict[str, Any]) -> Emulator:
        required = "aal1" if options["lax"] else "highest_available"
        ory = FakeOry(VERSION, required_aal=required, settings_required_aal=required, code_mfa=options["code_mfa"])
        port, host = options["port"], options["host"]
        switch_keys_on(ory, host)
        urls = options["return_url"] or default_return_urls(host)
        try:
            people = read_people(options["people"]) if options["people"] else DEMO_PEOPLE
        except PeopleError as error:
            raise CommandError(str(error)) from error
        try:
            return self.emulator_class(
                port, ory=ory, people=people, return_urls=urls, ui_url=_ui_url(options), host=host
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            raise CommandError(f"Port {port} cannot be used: {reason}. Choose another one with --port.") from error

    def _say_what_to_open(self, emulator: Emulator) -> None:
        self.stdout.write(
            f"Ory emulator at {emulator.url}/ (people to sign in as; mailbox: {emulator.url}/mailbox)\n"
            f"Sign in:  {emulator.url}/self-service/login/browser\n"
            "Stop with Ctrl-C."
        )
        if not emulator.ory.webauthn:
            reason = _NO_KEYS_AT_AN_ADDRESS if emulator.host == HOST else _NO_LIBRARY
            self.stdout.write(f"Security keys and passkeys are off: {reason}")
        if getattr(settings, "ORY_MFA_SDK_URL", "").rstrip("/") != emulator.url:
            self.stderr.write(f'ORY_MFA_SDK_URL should be "{emulator.url}": the sign-in pages ask that server.')
        other = LOCALHOST if emulator.host == HOST else HOST
        for url in emulator.ory.allowed_return_urls or ():
            if urlsplit(url).hostname == other:
                usual = url.replace(other, emulator.host, 1)
                self.stderr.write(f"{url} gets none of the emulator's cookies: open {usual} instead, and allow that.")


def _ui_url(options: dict[str, Any]) -> str | None:
    """The URL of somebody's own pages; None for those of the emulator."""
    url: str | None = options["ui_url"]
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise CommandError(f"--ui-url is no address of pages: {url}")
    return url.rstrip("/")
