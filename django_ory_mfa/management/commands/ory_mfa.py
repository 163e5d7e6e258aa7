"""``manage.py ory_mfa …``: one command whose subcommands are in the packages that do the work."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from django_ory_mfa.management.control import commands as control
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.doctor.command import Doctor
from django_ory_mfa.management.init.command import Init
from django_ory_mfa.management.report.command import Report
from django_ory_mfa.management.signing_in.command import TestSession
from django_ory_mfa.management.users import Users

O = TypeVar("O")  # noqa: E741 - the options of one subcommand


class Subcommand(Protocol[O]):
    """One word after ``manage.py ory_mfa``.

    ``options_class`` is a dataclass. Its fields are named like the arguments, and like those of Django if it needs
    them: ``verbosity``, ``stdin``.
    """

    @property
    def name(self) -> str:
        """The word."""

    @property
    def help(self) -> str:
        """What it does, in a sentence or two."""

    @property
    def options_class(self) -> type[O]:
        """The class of the options that ``run`` takes."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, options: O, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Run the subcommand and return its exit code.

        Raises ``CommandError(message, returncode=…)`` or ``ControlError`` to end with a message on stderr.
        """


class Command(BaseCommand):
    """Runs the subcommand that was named."""

    help = "Turn on multi-factor authentication at Ory, link users, and find out what is wrong."
    # It has to run when the settings are what is wrong.
    requires_system_checks = ()
    stealth_options = ("stdin",)
    subcommands: ClassVar[Sequence[Subcommand[Any]]] = (
        Init(),
        *control.subcommands(),
        Doctor(),
        TestSession(),
        Report(),
        Users(),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add one parser for each subcommand."""
        parsers = parser.add_subparsers(dest="subcommand", metavar="COMMAND", required=True)
        for subcommand in self.subcommands:
            leaf = parsers.add_parser(subcommand.name, help=subcommand.help, description=subcommand.help)
            subcommand.add_arguments(leaf)
            _add_options_of_django(leaf)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand; an exit code other than 0 ends the process."""
        (subcommand,) = (one for one in self.subcommands if one.name == options["subcommand"])
        try:
            code = subcommand.run(_typed(subcommand.options_class, options), self.stdout, self.stderr)
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


def _typed(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Return the options of a command line as a value of ``kind``."""
    return kind(**{field.name: given[field.name] for field in fields(kind) if field.name in given})


def _add_options_of_django(leaf: ArgumentParser) -> None:
    # Django adds these only to the parser of the command, which does not accept them after the subcommand.
    leaf.add_argument("-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS)
    for name in ("--settings", "--pythonpath"):
        leaf.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    for name in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        leaf.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)
