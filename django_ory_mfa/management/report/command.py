"""The ``report`` subcommand: print the report as text or as JSON."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, OutputWrapper

from django_ory_mfa.checks.outside import Answers, outsiders
from django_ory_mfa.core.requirement import Requirement
from django_ory_mfa.management.report.guards import Guard
from django_ory_mfa.management.report.rows import Row, rows

FAILED = 1
MISUSED = 2
SHOWN = 2
WIDEST = 48

Outsider = tuple[str, Answers]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """The options of ``report``."""

    json: bool
    fail_on_unprotected: Sequence[str]


class Report:
    """``manage.py ory_mfa report``."""

    name = "report"
    options_class = ReportOptions
    help = "List every URL pattern of the site, what guards it, and where the guard is declared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of ``report`` to ``parser``."""
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--fail-on-unprotected",
            action="append",
            default=[],
            metavar="PATTERN",
            help="exit with 1 if no Ory session is required on a path that begins with this regex; may be repeated",
        )

    def run(self, options: ReportOptions, stdout: OutputWrapper, stderr: OutputWrapper) -> int:
        """Print the report; return 1 if ``--fail-on-unprotected`` finds an unprotected path, or matches no path."""
        patterns = [_compiled(pattern) for pattern in options.fail_on_unprotected]
        try:
            found = rows()
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=FAILED) from error
        outside = list(outsiders())
        stdout.write(_as_json(found, outside) if options.json else _as_text(found, outside))
        complaints = [complaint for pattern in patterns for complaint in _complaints(pattern, found)]
        for complaint in complaints:
            stderr.write(complaint)
        return FAILED if complaints else 0


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError) as error:
        message = f"--fail-on-unprotected is not a valid regex: {error}"
        raise CommandError(message, returncode=MISUSED) from error


def _complaints(pattern: re.Pattern[str], found: list[Row]) -> list[str]:
    meant = [row for row in found if any(pattern.match(path) for path in (row.path, *row.examples))]
    if not meant:
        # A misspelt pattern must not count as success.
        return [f"No path begins with {pattern.pattern!r}."]
    return [_complaint(row) for row in meant if not row.is_protected]


def _complaint(row: Row) -> str:
    if row.decided_by is None:
        return f"Unprotected: {row.path} ({row.view}): {_from(row)}"
    return f"Not known to be protected: {row.path} ({row.view}): decided by {row.decided_by}"


def _as_json(found: list[Row], outside: list[Outsider]) -> str:
    """Return the report as JSON; ``outside_policy`` lists middleware that ``AALRequiredMiddleware`` does not guard."""
    others = [{"middleware": path, "answers_with": what} for path, what in outside]
    return json.dumps({"views": [_row_as_json(row) for row in found], "outside_policy": others}, indent=2)


def _row_as_json(row: Row) -> dict[str, Any]:
    return {
        "path": row.path,
        "examples": row.examples,
        "name": row.name,
        "view": row.view,
        "protected": row.is_protected,
        "guards": [_guard_as_json(guard) for guard in row.guards],
    }


def _guard_as_json(guard: Guard) -> dict[str, Any]:
    wanted = guard.requirement
    return {
        "from": guard.origin,
        "aal": wanted.aal if wanted else None,
        "max_age": wanted.max_age.total_seconds() if wanted and wanted.max_age else None,
        "methods": sorted(wanted.methods) if wanted and wanted.methods else None,
        "decided_by": guard.decided_by,
        "error": guard.error,
        "paths": list(guard.paths),
        **({"only_for": list(guard.only_for)} if guard.only_for else {}),
    }


def _as_text(found: list[Row], outside: list[Outsider]) -> str:
    cells = [("PATH", "ASKS FOR", "FROM", "VIEW"), *((row.path, _asks(row), _from(row), row.view) for row in found)]
    # Limited, so that one long regex does not widen every row.
    widths = [min(max(len(row[column]) for row in cells), WIDEST) for column in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in cells
    ]
    return "\n".join([*lines, "", _summary(found), *_outside(outside)])


def _summary(found: list[Row]) -> str:
    open_rows = [row for row in found if not row.is_protected]
    own, unknown = (
        sum(kind) for kind in ([row.is_own_view for row in found], [bool(row.decided_by) for row in open_rows])
    )
    counts = {
        "behind a guard of this package": len(found) - len(open_rows) - own,
        "without one": len(open_rows) - unknown,
        "whose view decides at each request": unknown,
        "of the package's own pages": own,
    }
    shown = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    total = f"URL patterns: {len(found)} in all{shown and ': '}{shown}."
    return f"{total} Other guards, such as Django's own, are not examined."


def _outside(outside: list[Outsider]) -> list[str]:
    if not outside:
        return []
    return [
        "",
        "Not guarded by the policy, because it comes before AALRequiredMiddleware:",
        *(f"  {path}: {what}" for path, what in outside),
    ]


def _asks(row: Row) -> str:
    return " and ".join(_words(guard) for guard in row.guards if guard.asks or guard.paths) or "-"


def _words(guard: Guard) -> str:
    on = f" on {', '.join(guard.paths[:SHOWN])}{', ...' if len(guard.paths) > SHOWN else ''}" if guard.paths else ""
    return _wanted(guard) + (f" for {', '.join(guard.only_for)}" if guard.only_for else "") + on


def _wanted(guard: Guard) -> str:
    if guard.requirement is not None:
        return _requirement(guard.requirement)
    if guard.decided_by is not None:
        return f"what {guard.decided_by} says"
    return "nothing" if guard.error is None else f"an invalid requirement ({guard.error})"


def _requirement(wanted: Requirement) -> str:
    age = f", at most {wanted.max_age.total_seconds():g} s ago" if wanted.max_age else ""
    methods = f", by {' or '.join(sorted(wanted.methods))}" if wanted.methods else ""
    return f"{wanted.aal}{age}{methods}"


def _from(row: Row) -> str:
    return " and ".join(dict.fromkeys(guard.origin for guard in row.guards))
