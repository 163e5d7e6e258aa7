"""How ``manage.py ory_mfa`` runs its subcommands."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import MISSING, dataclass, fields
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper

from django_ory_mfa.management.commands.ory_mfa import Command


@dataclass(frozen=True)
class EchoOptions:
    """The options of ``echo``."""

    word: str
    code: int
    verbosity: int


RAISED = {"interrupt": KeyboardInterrupt, "recurse": RecursionError}


class Echo:
    """A subcommand that prints its options."""

    name = "echo"
    help = "Print it."
    options_class = EchoOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("word")
        parser.add_argument("--code", type=int, default=0)

    def run(self, options: EchoOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        stdout.write(f"{options.word} at {options.verbosity}")
        stderr.write("aside")
        if options.word in RAISED:
            raise RAISED[options.word]
        return options.code


class EchoCommand(Command):
    subcommands = (Echo(),)


def run(*args: str, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(EchoCommand(), *args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_subcommand_gets_its_arguments():
    assert run("echo", "hello") == ("hello at 1\n", "aside\n")


def test_subcommand_gets_what_call_command_is_given():
    with pytest.raises(SystemExit) as ended:
        run("echo", "hello", code=3)

    assert ended.value.code == 3


@pytest.mark.parametrize("args", [("-v", "2", "echo", "hello"), ("echo", "hello", "--verbosity", "2")])
def test_verbosity_may_stand_before_and_behind_the_subcommand(args):
    assert run(*args)[0] == "hello at 2\n"


@pytest.mark.parametrize("args", [("--settings", "tests.settings"), ("--no-color",), ("--traceback",)])
def test_options_of_django_may_stand_behind_the_subcommand(args):
    assert run("echo", "hello", *args)[0] == "hello at 1\n"


def test_interrupt_is_no_traceback():
    with pytest.raises(CommandError, match=r"^Interrupted") as ended:
        run("echo", "interrupt")

    assert ended.value.returncode == 130


def test_configuration_that_is_nested_too_deeply_is_no_traceback():
    with pytest.raises(CommandError, match=r"^The configuration is nested too deeply\.$"):
        run("echo", "recurse")


@pytest.mark.parametrize("args", [(), ("nonsense",), ("echo",)])
def test_usage_error_is_one(args):
    with pytest.raises(CommandError, match="Error: "):
        run(*args)


def test_usage_error_in_a_shell_exits_2(capsys):
    with pytest.raises(SystemExit) as ended:
        EchoCommand().run_from_argv(["manage.py", "ory_mfa", "echo"])

    assert ended.value.code == 2
    assert "word" in capsys.readouterr().err


def test_hidden_options_are_not_in_the_help(capsys):
    with pytest.raises(SystemExit):
        EchoCommand().run_from_argv(["manage.py", "ory_mfa", "echo", "--help"])

    assert "--pythonpath" not in capsys.readouterr().out


@pytest.mark.parametrize("subcommand", Command.subcommands, ids=lambda subcommand: subcommand.name)
def test_every_option_of_a_subcommand_is_an_argument_of_it(subcommand):
    """An argument of the same name, or one of Django's; what need not be given has a default."""
    parser = ArgumentParser()
    subcommand.add_arguments(parser)

    declared = {action.dest for action in parser._actions} | {"verbosity"}

    required = {field.name for field in fields(subcommand.options_class) if field.default is MISSING}
    assert required <= declared
    assert {field.name for field in fields(subcommand.options_class)} - required <= {"stdin"}


@pytest.mark.parametrize("subcommand", Command.subcommands, ids=lambda subcommand: subcommand.name)
def test_options_of_a_subcommand_cannot_be_changed(subcommand):
    assert subcommand.options_class.__dataclass_params__.frozen


@pytest.mark.parametrize("action", ["list", "link"])
def test_users_of_a_site_without_users_are_refused(action):
    with pytest.raises(CommandError, match=r"Add 'django_ory_mfa.contrib.auth' to INSTALLED_APPS"):
        call_command("ory_mfa", "users", action)
