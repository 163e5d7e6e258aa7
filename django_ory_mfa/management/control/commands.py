"""The subcommands of ``manage.py ory_mfa`` that read and change Ory's configuration."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import OutputWrapper

from django_ory_mfa.conf import conf
from django_ory_mfa.management.control import arguments
from django_ory_mfa.management.control.arguments import World, console_of, project_of, target_of, workspace_of
from django_ory_mfa.management.control.changing import DIFFERS, FILE_NOTE, change
from django_ory_mfa.management.control.directory import Directory
from django_ory_mfa.management.control.document import Path, mfa_part, mfa_tree, return_urls
from django_ory_mfa.management.control.failures import ConflictError, ControlError, UsageError
from django_ory_mfa.management.control.findings import Claims, Finding, findings, is_allowed
from django_ory_mfa.management.control.keys import (
    KEYS,
    METHODS,
    RETURN_URLS,
    SETTINGS_AAL,
    URL,
    WHOAMI_AAL,
    UnfitValueError,
)
from django_ory_mfa.management.control.network import NetworkTarget
from django_ory_mfa.management.control.plan import plan
from django_ory_mfa.management.control.shown import clean, table, values
from django_ory_mfa.management.control.sources import read_source, rendered, save
from django_ory_mfa.management.control.targets import Snapshot

Options = dict[str, Any]
LEVELS = {"whoami": WHOAMI_AAL, "settings": SETTINGS_AAL}
COLUMNS = {
    "workspaces": ("id", "name", "subscription_plan"),
    "projects": ("id", "name", "environment", "workspace_id", "slug", "state"),
}
HEADINGS = {
    "workspaces": ("ID", "NAME", "SUBSCRIPTION PLAN"),
    "projects": ("ID", "NAME", "ENVIRONMENT", "WORKSPACE", "SLUG", "STATE"),
}


class Subcommand(ABC):
    """One of them, in its ``world``."""

    name: str
    help: str

    def __init__(self, world: World) -> None:
        self.world = world

    @abstractmethod
    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its arguments."""

    @abstractmethod
    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Does it, and returns the exit code."""


class ListCommand(Subcommand):
    """``list workspaces``, ``list projects``."""

    name = "list"
    help = "Lists workspaces or projects of Ory Network, of all pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to list."""
        parser.add_argument("what", choices=sorted(COLUMNS))
        arguments.add_network(parser)
        arguments.add_json(parser)

    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Lists it."""
        what = options["what"]
        directory = Directory(console_of(options, self.world))
        workspace = workspace_of(options, self.world)
        found = directory.workspaces() if what == "workspaces" else directory.projects(workspace)
        # SECURITY: of what the API says, these columns and no others are shown.
        rows = [[entry.get(column) for column in COLUMNS[what]] for entry in found]
        if options["json"]:
            stdout.write(json.dumps({what: [dict(zip(COLUMNS[what], row, strict=True)) for row in rows]}))
        else:
            stdout.write(table(HEADINGS[what], rows))
        if directory.is_cut_short:
            stderr.write("There are more projects than Ory showed; name one by its id.")
        return 0


class GetCommand(Subcommand):
    """``get identity-config``."""

    name = "get"
    help = "Prints the MFA part of the identity configuration; all of it only into a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to get, and how."""
        parser.add_argument("what", choices=["identity-config"])
        arguments.add_target(parser)
        parser.add_argument("--format", choices=["yaml", "json"], default="yaml", help="default: %(default)s")
        parser.add_argument("--all", action="store_true", help="everything, secrets included; needs --output")
        parser.add_argument("--output", metavar="PATH", help="a new file, which only you can read")

    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Gets it."""
        if options["all"] and not (options["output"] and not options["file"]):
            raise UsageError("--all holds secrets: it is for --project, and needs --output PATH.")
        target = target_of(options, self.world)
        snapshot = target.read()
        project = target.project_id if isinstance(target, NetworkTarget) else None
        config = snapshot.config if options["all"] else mfa_tree(snapshot.config)
        text = rendered(config, options["format"], project, snapshot.revision)
        if options["output"]:
            save(options["output"], text)
            stderr.write(f"Written to {clean(options['output'])}.")
        else:
            stdout.write(text, ending="")
        return 0


class ShowCommand(Subcommand):
    """``show``: what Ory is set to, and what is wrong with it."""

    name = "show"
    help = "Shows what decides about MFA at Ory, and what does not fit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to look at."""
        arguments.add_target(parser)
        arguments.add_json(parser)

    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Shows it."""
        snapshot = target_of(options, self.world).read()
        found = findings(snapshot.config, claims())
        if options["json"]:
            stdout.write(json.dumps(_report(snapshot, found)))
            return self.verdict(found)
        stdout.write(self.text(snapshot, found))
        if options["file"]:
            stderr.write(FILE_NOTE)
        return self.verdict(found)

    def text(self, snapshot: Snapshot, found: list[Finding]) -> str:
        """For people."""
        revision = f", revision {clean(snapshot.revision)}" if snapshot.revision else ""
        keys = table(("KEY", "VALUE", "SOURCE"), values(mfa_part(snapshot.config)))
        return "\n".join([f"{snapshot.label}{revision}", "", keys, *[""][: len(found)], *_lines(found)])

    def verdict(self, found: list[Finding]) -> int:
        """The exit code."""
        return 0


class CheckCommand(ShowCommand):
    """``check``: only what is wrong, with an exit code."""

    name = "check"
    help = "Compares Ory with this site's settings; exits with 3 if something is wrong."

    def text(self, snapshot: Snapshot, found: list[Finding]) -> str:
        """For people."""
        return "\n".join(_lines(found) or [f"{snapshot.label}: nothing found."])

    def verdict(self, found: list[Finding]) -> int:
        """``DIFFERS`` if there is an error."""
        return DIFFERS if any(finding.level == "error" for finding in found) else 0


class ChangeCommand(Subcommand):
    """What the commands that change known keys have in common."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, and how."""
        arguments.add_target(parser)
        parser.add_argument(
            "--in-place", action="store_true", help="with --file: write into the file instead of replacing it"
        )
        arguments.add_writing(parser)

    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Reads, plans, asks and writes."""
        # What cannot be wished is said before anybody is asked.
        self.wish(options, {})
        target = target_of(options, self.world)
        snapshot = target.read()
        return change(target, snapshot, self.wish(options, snapshot.config), options, stdout, stderr)

    @abstractmethod
    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """The values that the keys should have; raises ``ControlError`` for what cannot be wished."""


class EnableCommand(ChangeCommand):
    """``enable``: one second factor."""

    name = "enable"
    help = "Turns a second factor on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        parser.add_argument("method", choices=list(METHODS))
        super().add_arguments(parser)

    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """For codes both keys, as in Ory's guide: the second without the first is a lock-out."""
        return {KEYS[name].path: True for name in METHODS[options["method"]]}


class DisableCommand(EnableCommand):
    """``disable``: one second factor."""

    name = "disable"
    help = "Turns a second factor off."

    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """Of codes only the second factor: recovery and verification need the method itself."""
        return {KEYS[METHODS[options["method"]][-1]].path: False}


class RequireCommand(ChangeCommand):
    """``require``: the level that Ory itself asks for."""

    name = "require"
    help = "Sets the level that Ory requires for whoami and for its settings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which level, for what."""
        parser.add_argument("level", choices=["aal1", "highest_available", "aal2"])
        parser.add_argument("--for", action="append", choices=list(LEVELS), dest="places", help="default: both")
        super().add_arguments(parser)

    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """One level for each place."""
        return {KEYS[LEVELS[place]].path: options["level"] for place in options["places"] or LEVELS}


class SetCommand(ChangeCommand):
    """``set``: several keys at once."""

    name = "set"
    help = "Sets keys that decide about MFA, all in one change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which keys."""
        parser.add_argument("assignments", nargs="+", metavar="KEY=VALUE", help="keys as ory_mfa show lists them")
        super().add_arguments(parser)

    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """What was assigned."""
        wish: dict[Path, Any] = {}
        for assignment in options["assignments"]:
            name, is_assignment, text = assignment.partition("=")
            key = KEYS.get(name)
            if not is_assignment or key is None:
                near = get_close_matches(name, KEYS, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise UsageError(f"{clean(name)} is no key that this command sets, as KEY=VALUE.{hint}")
            if key.path in wish:
                raise UsageError(f"{name} was given twice.")
            wish[key.path] = text if text == "aal2" else _parsed(name, text)
        return wish


class AllowReturnUrlCommand(ChangeCommand):
    """``allow-return-url``: lets Ory send people back to this site."""

    name = "allow-return-url"
    help = "Adds this site, or another URL, to the URLs that Ory may send people back to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which URL."""
        parser.add_argument("url", nargs="?", metavar="URL", help="default: the ORY_MFA_SITE_URL of this site")
        super().add_arguments(parser)

    def wish(self, options: Options, config: Mapping[str, Any]) -> dict[Path, Any]:
        """The list with the URL at its end; as it is, if an entry allows the URL already."""
        url = _return_url(options["url"])
        known = return_urls(config)
        return {KEYS[RETURN_URLS].path: known if is_allowed(url, known) else [*known, url]}


class UpdateCommand(Subcommand):
    """``update identity-config``: the last step of Ory's guide."""

    name = "update"
    help = "Sends what an edited file changes to a project of Ory Network, as one change of the revision it came from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to update, from where."""
        parser.add_argument("what", choices=["identity-config"])
        arguments.add_project(parser)
        parser.add_argument("--file", required=True, metavar="PATH", help="what get identity-config wrote, edited")
        parser.add_argument("--all-keys", action="store_true", help="also send keys that do not decide about MFA")
        arguments.add_writing(parser)

    def run(self, options: Options, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Compares, asks and sends."""
        source = read_source(options["file"])
        target = project_of(options, self.world, retries=False)
        snapshot = target.read()
        if source.project is not None and source.project != target.project_id:
            raise ControlError(
                f"{clean(options['file'])} is of project {clean(source.project)}, not of {snapshot.label}."
            )
        wish = source.wish(snapshot.config)
        made = plan(snapshot.config, wish, is_network=True)
        unknown = [one.name for one in made.changes if not one.is_known]
        if unknown and not options["all_keys"]:
            names = ", ".join(map(clean, unknown))
            raise ControlError(f"The file changes more than MFA: {names}. Take that out, or send it with --all-keys.")
        if made.changes:
            _expect_base(source.revision, snapshot, options)
        return change(target, snapshot, wish, options, stdout, stderr)


def subcommands(world: World | None = None) -> tuple[Subcommand, ...]:
    """All of them, in the order of the help."""
    world = world or World()
    kinds = (ListCommand, GetCommand, ShowCommand, CheckCommand, EnableCommand, DisableCommand)
    return tuple(kind(world) for kind in (*kinds, RequireCommand, SetCommand, AllowReturnUrlCommand, UpdateCommand))


def claims() -> Claims:
    """What the settings of this site say about Ory; raises ``ControlError`` if they make no sense."""
    try:
        return Claims(conf.whoami_required_aal, conf.settings_required_aal, conf.application_url())
    except ImproperlyConfigured as error:
        raise ControlError(str(error)) from error


def _expect_base(revision: str | None, snapshot: Snapshot, options: Options) -> None:
    """Nobody's change is lost: the file was made from the revision that is there now."""
    if revision is None:
        if options["yes"] and arguments.is_terminal(options):
            return
        raise ControlError(
            "The file does not say which revision it was made from, so the changes of others could get lost. Get it "
            "anew with ory_mfa get identity-config; --yes overrules this only where there is a terminal."
        )
    if revision != snapshot.revision:
        raise ConflictError(
            f"{snapshot.label} was changed by somebody else: the file was made from revision {clean(revision)}, now it "
            f"is {clean(snapshot.revision)}. Nothing was written: get it anew and repeat your edit."
        )


def _parsed(name: str, text: str) -> Any:
    try:
        return KEYS[name].parse(text)
    except UnfitValueError as error:
        raise UsageError(f"{error}.") from error


def _return_url(given: str | None) -> str:
    url = f"{site}/" if given is None and (site := claims().site_url) else given
    if url is None:
        raise UsageError("ORY_MFA_SITE_URL is not set: set it, or give the URL of this site.")
    parts = urlsplit(url) if URL.is_valid(url) else urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "The URL must be https://HOST/ or https://HOST/PATH/, without user information, query and fragment."
        )
    return url if parts.path else f"{url}/"


def _lines(found: list[Finding]) -> list[str]:
    return [f"{finding.level}: {finding.key} {clean(finding.text)}" for finding in found]


def _report(snapshot: Snapshot, found: list[Finding]) -> dict[str, Any]:
    part = mfa_part(snapshot.config)
    return {
        "target": snapshot.label,
        "revision": snapshot.revision,
        "keys": {name: {"value": part.get(name, key.default), "set": name in part} for name, key in KEYS.items()},
        "findings": [{"level": one.level, "key": one.key, "text": one.text} for one in found],
    }
