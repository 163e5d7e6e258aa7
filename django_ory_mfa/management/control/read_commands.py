"""The subcommands that only read: ``list``, ``get``, ``show`` and ``check``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from django_ory_mfa.management.control.changing import DIFFERS, FILE_NOTE
from django_ory_mfa.management.control.command import ControlCommand
from django_ory_mfa.management.control.context import console_of, target_of, workspace_of
from django_ory_mfa.management.control.cookies import cookie_findings, cookie_rows
from django_ory_mfa.management.control.directory import Directory
from django_ory_mfa.management.control.document import mfa_part, mfa_tree
from django_ory_mfa.management.control.failures import UsageError
from django_ory_mfa.management.control.findings import Finding, findings
from django_ory_mfa.management.control.keys import KEYS
from django_ory_mfa.management.control.network import NetworkTarget
from django_ory_mfa.management.control.options import (
    GetOptions,
    ListOptions,
    ShowOptions,
    add_api,
    add_json,
    add_target,
)
from django_ory_mfa.management.control.shown import clean, table, values
from django_ory_mfa.management.control.site import declared, expected_cookie
from django_ory_mfa.management.control.sources import rendered, save
from django_ory_mfa.management.control.targets import Snapshot

COLUMNS = {
    "workspaces": ("id", "name", "subscription_plan"),
    "projects": ("id", "name", "environment", "workspace_id", "slug", "state"),
}
HEADINGS = {
    "workspaces": ("ID", "NAME", "SUBSCRIPTION PLAN"),
    "projects": ("ID", "NAME", "ENVIRONMENT", "WORKSPACE", "SLUG", "STATE"),
}


class ListCommand(ControlCommand[ListOptions]):
    """``list workspaces`` and ``list projects``."""

    name = "list"
    help = "List the workspaces or projects of Ory Network that the API key can access."
    options_class = ListOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what can be listed."""
        parser.add_argument("what", choices=sorted(COLUMNS))
        add_api(parser)
        add_json(parser)

    def run(self, options: ListOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Print the list."""
        directory = Directory(console_of(options, self.context))
        is_workspaces = options.what == "workspaces"
        found = directory.workspaces() if is_workspaces else directory.projects(workspace_of(options, self.context))
        # SECURITY: only these columns of an answer are shown.
        columns = COLUMNS[options.what]
        rows = [[entry.get(column) for column in columns] for entry in found]
        if options.json:
            stdout.write(json.dumps({options.what: [dict(zip(columns, row, strict=True)) for row in rows]}))
        else:
            stdout.write(table(HEADINGS[options.what], rows))
        if directory.is_cut_short:
            stderr.write("Ory did not list all projects. Name a missing one by its id.")
        return 0


class GetCommand(ControlCommand[GetOptions]):
    """``get identity-config``."""

    name = "get"
    help = "Print the MFA keys of the identity configuration, or write all of it to a file."
    options_class = GetOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to get, and in which form."""
        parser.add_argument("what", choices=["identity-config"])
        add_target(parser)
        parser.add_argument("--format", choices=["yaml", "json"], default="yaml", help="default: %(default)s")
        parser.add_argument("--all", action="store_true", help="all keys, secrets included; needs --output")
        parser.add_argument("--output", metavar="PATH", help="a new file that only you can read")

    def run(self, options: GetOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Print or write the configuration."""
        # SECURITY: secrets go to no terminal, and so to no log of a job.
        if options.all and not (options.output and not options.file):
            raise UsageError("--all includes secrets: it works with --project only, and needs --output PATH.")
        target = target_of(options, self.context)
        snapshot = target.read()
        project = target.project_id if isinstance(target, NetworkTarget) else None
        config = snapshot.config if options.all else mfa_tree(snapshot.config)
        text = rendered(config, options.format, project, snapshot.revision)
        if options.output:
            save(options.output, text)
            stderr.write(f"Written to {clean(options.output)}.")
        else:
            stdout.write(text, ending="")
        return 0


class ShowCommand(ControlCommand[ShowOptions]):
    """``show``: the MFA keys and their problems."""

    name = "show"
    help = "Show the MFA keys of Ory's configuration, and problems with them."
    options_class = ShowOptions

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which configuration to show."""
        add_target(parser)
        add_json(parser)

    def run(self, options: ShowOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Print the report and return the exit code."""
        snapshot = target_of(options, self.context).read()
        found = findings(snapshot.config, declared())
        if options.file:
            found += cookie_findings(snapshot.config, expected_cookie())
        stdout.write(json.dumps(_report(snapshot, found)) if options.json else self.text(snapshot, found))
        if options.file and not options.json:
            stderr.write(FILE_NOTE)
        return self.exit_code(found)

    def text(self, snapshot: Snapshot, found: list[Finding]) -> str:
        """Return the report for people."""
        revision = f", revision {clean(snapshot.revision)}" if snapshot.revision else ""
        rows = [*values(mfa_part(snapshot.config)), *(cookie_rows(snapshot.config) if snapshot.files else ())]
        keys = table(("KEY", "VALUE", "SOURCE"), rows)
        return "\n".join([f"{snapshot.label}{revision}", "", keys, *[""][: len(found)], *_lines(found)])

    def exit_code(self, found: list[Finding]) -> int:
        """Return 0: to show problems is a success."""
        return 0


class CheckCommand(ShowCommand):
    """``check``: the problems only, with an exit code."""

    name = "check"
    help = "Report problems with the MFA keys and mismatches with this site's settings; exit with 3 for an error."

    def text(self, snapshot: Snapshot, found: list[Finding]) -> str:
        """Return the report for people."""
        return "\n".join(_lines(found) or [f"{snapshot.label}: no problems found."])

    def exit_code(self, found: list[Finding]) -> int:
        """Return ``DIFFERS`` if there is an error."""
        return DIFFERS if any(finding.level == "error" for finding in found) else 0


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
