"""What the subcommands of the control plane share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from typing import Generic, TypeVar

from django.core.management.base import OutputWrapper

from django_ory_mfa.management.control.context import Context
from django_ory_mfa.management.control.options import ApiOptions

O = TypeVar("O", bound=ApiOptions)  # noqa: E741 - the options of one command


class ControlCommand(ABC, Generic[O]):
    """A subcommand that reads or changes Ory's configuration, with its surroundings in ``context``."""

    name: str
    help: str
    options_class: type[O]

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments that ``options_class`` has fields for."""

    @abstractmethod
    def run(self, options: O, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Run the command and return its exit code; raises ``ControlError``."""
