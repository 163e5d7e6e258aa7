"""The subcommands that change MFA keys, and ``update``, which sends an edited file."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.management.base import OutputWrapper

from django_ory_mfa.management.control.changing import Changing
from django_ory_mfa.management.control.command import ControlCommand
from django_ory_mfa.management.control.context import project_of, target_of
from django_ory_mfa.management.control.document import Path, return_urls
from django_ory_mfa.management.control.failures import ConflictError, ControlError, UsageError
from django_ory_mfa.management.control.findings import is_allowed
from django_ory_mfa.management.control.keys import (
    KEYS,
    METHODS,
    REQUIRED_AAL,
    RETURN_URLS,
    SETTINGS_AAL,
    URL,
    WHOAMI_AAL,
    UnfitValueError,
)
from django_ory_mfa.management.control.options import (
    ChangeOptions,
    MethodOptions,
    RequireOptions,
    ReturnUrlOptions,
    SetOptions,
    UpdateOptions,
    add_change,
    add_project,
    add_write,
)
from django_ory_mfa.management.control.plan import plan
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.site import declared
from django_ory_mfa.management.control.sources import read_source
from django_ory_mfa.management.control.targets import Snapshot
from django_ory_mfa.management.control.terminal import Terminal

PLACES = {"whoami": WHOAMI_AAL, "settings": SETTINGS_AAL}
Wish = dict[Path, Any]
C = TypeVar("C", bound=ChangeOptions)


class ChangeCommand(ControlCommand[C]):
    """A command that gives MFA keys new values."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare where to make the change, and how."""
        add_change(parser)

    def run(self, options: C, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Read the configuration and make the change."""
        # A wish that is wrong in itself is refused before anything is read.
        self.wish(options, {})
        target = target_of(options, self.context, in_place=options.in_place)
        snapshot = target.read()
        terminal = Terminal(stdout, stderr, options.stdin, options.json)
        return Changing(target, options, terminal).change(snapshot, self.wish(options, snapshot.config))

    @abstractmethod
    def wish(self, options: C, config: Mapping[str, Any]) -> Wish:
        """Return the values that the keys should have; raises ``ControlError`` for an impossible one."""


class EnableCommand(ChangeCommand[MethodOptions]):
    """``enable``: one second factor."""

    name = "enable"
    help = "Turn a second factor on."
    options_class = MethodOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which one."""
        parser.add_argument("method", choices=list(METHODS))
        super().add_arguments(parser)

    def wish(self, options: MethodOptions, config: Mapping[str, Any]) -> Wish:
        """Return true for the keys of the method; for codes two, since one of them alone locks people out."""
        return {KEYS[name].path: True for name in METHODS[options.method]}


class DisableCommand(EnableCommand):
    """``disable``: one second factor."""

    name = "disable"
    help = "Turn a second factor off."

    def wish(self, options: MethodOptions, config: Mapping[str, Any]) -> Wish:
        """Return false for the second factor; codes stay on for recovery and verification."""
        return {KEYS[METHODS[options.method][-1]].path: False}


class RequireCommand(ChangeCommand[RequireOptions]):
    """``require``: the level that Ory itself requires."""

    name = "require"
    help = "Set the level that Ory itself requires for whoami and for its settings pages."
    options_class = RequireOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the level, and for what."""
        parser.add_argument("level", choices=[*REQUIRED_AAL, "aal2"])
        parser.add_argument("--for", action="append", choices=list(PLACES), dest="places", help="default: both")
        super().add_arguments(parser)

    def wish(self, options: RequireOptions, config: Mapping[str, Any]) -> Wish:
        """Return the level for each place."""
        return {KEYS[PLACES[place]].path: options.level for place in options.places or PLACES}


class SetCommand(ChangeCommand[SetOptions]):
    """``set``: any MFA keys."""

    name = "set"
    help = "Set MFA keys, all in one change."
    options_class = SetOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the assignments."""
        parser.add_argument("assignments", nargs="+", metavar="KEY=VALUE", help="keys as ory_mfa show lists them")
        super().add_arguments(parser)

    def wish(self, options: SetOptions, config: Mapping[str, Any]) -> Wish:
        """Return the assigned values."""
        wish: Wish = {}
        for assignment in options.assignments:
            name, is_assignment, text = assignment.partition("=")
            if name not in KEYS:
                raise UsageError(_unknown(name))
            if not is_assignment:
                raise UsageError(f"{name} has no value: write {name}=VALUE.")
            if KEYS[name].path in wish:
                raise UsageError(f"{name} is given twice.")
            wish[KEYS[name].path] = text if text == "aal2" else _parsed(name, text)
        return wish


class AllowReturnUrlCommand(ChangeCommand[ReturnUrlOptions]):
    """``allow-return-url``: lets Ory redirect to this site."""

    name = "allow-return-url"
    help = "Add this site, or another URL, to the URLs that Ory may redirect to."
    options_class = ReturnUrlOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the URL."""
        parser.add_argument("url", nargs="?", metavar="URL", help="default: the ORY_MFA_SITE_URL of this site")
        super().add_arguments(parser)

    def wish(self, options: ReturnUrlOptions, config: Mapping[str, Any]) -> Wish:
        """Return the list with the URL at its end, or unchanged if an entry allows the URL already."""
        url = _return_url(options.url)
        known = return_urls(config)
        return {KEYS[RETURN_URLS].path: known if is_allowed(url, known) else [*known, url]}


class UpdateCommand(ControlCommand[UpdateOptions]):
    """``update identity-config``: the last step of Ory's guide."""

    name = "update"
    help = "Send the changes in an edited file to a project of Ory Network, as one change."
    options_class = UpdateOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the project and the file."""
        parser.add_argument("what", choices=["identity-config"])
        add_project(parser)
        parser.add_argument("--file", required=True, metavar="PATH", help="the edited output of get identity-config")
        parser.add_argument("--all-keys", action="store_true", help="also send keys that are not MFA keys")
        add_write(parser)

    def run(self, options: UpdateOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Compare the file with the project and send the differences."""
        source = read_source(options.file)
        target = project_of(options, self.context, retries=False)
        snapshot = target.read()
        if source.project is not None and source.project != target.project_id:
            raise ControlError(
                f"{clean(options.file)} is from project {clean(source.project)}, not from {snapshot.label}."
            )
        wish = source.wish(snapshot.config)
        changes = plan(snapshot.config, wish, is_network=True).changes
        unknown = [change.name for change in changes if not change.is_known]
        if unknown and not options.all_keys:
            names = ", ".join(map(clean, unknown))
            raise ControlError(f"The file changes keys that are not MFA keys: {names}. Undo that, or add --all-keys.")
        terminal = Terminal(stdout, stderr, options.stdin, options.json)
        if changes:
            _expect_revision(source.revision, snapshot, is_insisted=options.yes and terminal.is_interactive)
        return Changing(target, options, terminal).change(snapshot, wish)


def _expect_revision(revision: str | None, snapshot: Snapshot, *, is_insisted: bool) -> None:
    """Raise ``ControlError`` unless the file was made from the current revision, so that no change gets lost."""
    if revision is None:
        if is_insisted:
            return
        raise ControlError(
            "The file does not name the revision that it was made from, so that changes of others could get lost. Get "
            "it again with ory_mfa get identity-config, or add --yes at a terminal to send it all the same."
        )
    if revision != snapshot.revision:
        raise ConflictError(
            f"{snapshot.label} was changed by somebody else: the file is from revision {clean(revision)}, the project "
            f"is at {clean(snapshot.revision)}. Nothing was written: get the file again and repeat your edit."
        )


def _unknown(name: str) -> str:
    near = get_close_matches(name, KEYS, n=1)
    hint = f". Did you mean {near[0]}?" if near else "; see ory_mfa show for those that are."
    return f"{clean(name)} is not an MFA key{hint}"


def _parsed(name: str, text: str) -> Any:
    try:
        return KEYS[name].parse(text)
    except UnfitValueError as error:
        raise UsageError(f"{error}.") from error


def _return_url(given: str | None) -> str:
    url = f"{site}/" if given is None and (site := declared().site_url) else given
    if url is None:
        raise UsageError("Give the URL of this site, or set ORY_MFA_SITE_URL.")
    parts = urlsplit(url) if URL.is_valid(url) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "The URL must be https://HOST/ or https://HOST/PATH/, without user information, query and fragment."
        )
    return url if parts.path else f"{url}/"
