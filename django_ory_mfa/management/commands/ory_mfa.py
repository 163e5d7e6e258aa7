"""``manage.py ory_mfa …``: one command with subcommands, each in the room that does its work."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from django_ory_mfa.management.control import commands as control
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.doctor.command import Doctor
from django_ory_mfa.management.report.command import Report
from django_ory_mfa.management.users import Users


class Subcommand(Protocol):
    """One word behind ``manage.py ory_mfa``.

    Fields of ``options`` are the names of its arguments, and ``verbosity``, ``no_color``, ``stdin`` … of Django. What
    ``run`` returns is the exit code; ``CommandError(message, returncode=…)`` ends it with a message on stderr.
    """

    name: str
    help: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its arguments."""

    def run(self, options: dict[str, Any], stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Does it, and returns the exit code."""


class Command(BaseCommand):
    """Hands over to the subcommand that was named."""

    help = "Turns multi-factor authentication on at Ory, links users, and finds out what is wrong."
    # It has to run when the settings are what is wrong.
    requires_system_checks = ()
    stealth_options = ("stdin",)
    subcommands: ClassVar[Sequence[Subcommand]] = (*control.subcommands(), Doctor(), Report(), Users())

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One parser for each subcommand."""
        parsers = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)
        for subcommand in self.subcommands:
            leaf = parsers.add_parser(subcommand.name, help=subcommand.help, description=subcommand.help)
            subcommand.add_arguments(leaf)
            _add_options_of_django(leaf)

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs it; another exit code than 0 ends the process with it."""
        (subcommand,) = (one for one in self.subcommands if one.name == options["subcommand"])
        try:
            code = subcommand.run(options, self.stdout, self.stderr)
        except ControlError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. ory_mfa show tells whether anything was changed.", returncode=130
            ) from None
        except RecursionError:
            raise CommandError("The configuration is nested too deeply.") from None
        if code:
            raise SystemExit(code)


def _add_options_of_django(leaf: ArgumentParser) -> None:
    # Django gives these to the parser of the command alone, where they have to stand before the subcommand.
    leaf.add_argument("-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS)
    for name in ("--settings", "--pythonpath"):
        leaf.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    for name in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        leaf.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)
