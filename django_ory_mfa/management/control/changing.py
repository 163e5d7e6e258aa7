"""The one way of every change: show it and its effects, ask, make it, report it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_ory_mfa.management.control.document import MISSING, Path, is_presentable
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.keys import KEYS, WHOAMI_AAL
from django_ory_mfa.management.control.options import WriteOptions
from django_ory_mfa.management.control.plan import Change, Plan, plan
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.targets import Draft, Snapshot, Target, Written
from django_ory_mfa.management.control.terminal import Terminal

DIFFERS = 3  # exit code
FILE_NOTE = (
    "This command only sees the files: a later -c file, flags and environment variables of Kratos override them."
)
AAL2 = (
    f"aal2 is not in the schema that Ory publishes, so it is refused here. For {WHOAMI_AAL} on Ory Network, "
    "--project … --allow-aal2 sends it and lets the API decide."
)


def expect_valid(wish: Mapping[Path, Any], *, allow_aal2: bool) -> None:
    """Raise ``ControlError`` if ``wish`` gives a known key a value that it cannot have."""
    for path, value in wish.items():
        key = KEYS.get(".".join(path))
        if key is None or key.is_valid(value) or (allow_aal2 and key.name == WHOAMI_AAL and value == "aal2"):
            continue
        raise ControlError(AAL2 if value == "aal2" else f"{key.name} must be {key.kind.allowed}.")


@dataclass(frozen=True, slots=True)
class Changing:
    """A command that changes ``target``: what is shown, asked and reported on the way."""

    target: Target
    options: WriteOptions
    terminal: Terminal

    def change(self, snapshot: Snapshot, wish: Mapping[Path, Any]) -> int:
        """Give the keys of ``wish`` their values, as far as the options allow, and return the exit code.

        Raises ``ControlError`` if the change is refused, not confirmed or not possible.
        """
        expect_valid(wish, allow_aal2=self.options.allow_aal2 and self.target.is_network)
        made = plan(snapshot.config, wish, is_network=self.target.is_network)
        if made.problems:
            raise ControlError("\n".join(("This change is refused:", *made.problems)))
        if not made.changes:
            self.terminal.say(f"{snapshot.label}: already set, nothing to change.")
            return self._done(snapshot, made)
        draft = self.target.draft(snapshot, made)
        self._show(draft)
        if self.options.check:
            return self._done(snapshot, made) or DIFFERS
        if self.options.dry_run:
            self.terminal.say("Nothing was changed (--dry-run).")
            return self._done(snapshot, made)
        self._confirm()
        return self._written(draft)

    def _written(self, draft: Draft) -> int:
        written = self.target.write(draft)
        for warning in written.warnings:
            self.terminal.stderr.write(f"Ory warns: {clean(warning)}")
        self.terminal.say(f"{draft.place}: changed.")
        return self._done(draft.snapshot, draft.plan, written)

    def _show(self, draft: Draft) -> None:
        self.terminal.say(draft.preview)
        notes = draft.plan.effects if self.target.is_network else (*draft.plan.effects, FILE_NOTE)
        self.terminal.say("".join(f"\n- {note}" for note in notes))

    def _confirm(self) -> None:
        if self.options.yes:
            return
        if not self.terminal.is_interactive:
            raise ControlError("Nothing was changed: there is no terminal to ask for confirmation. Add --yes.")
        if not self.terminal.asks("Make this change?"):
            raise ControlError("Nothing was changed.")

    def _done(self, snapshot: Snapshot, made: Plan, written: Written | None = None) -> int:
        if self.options.json:
            self.terminal.stdout.write(json.dumps(_report(snapshot, made, written)))
        return 0


def _report(snapshot: Snapshot, made: Plan, written: Written | None) -> dict[str, Any]:
    return {
        "target": snapshot.label,
        "revision_before": snapshot.revision,
        "revision_after": written.revision if written else None,
        "changed": [_entry(change) for change in made.changes],
        "warnings": [clean(warning) for warning in written.warnings] if written else [],
        "applied": written is not None,
    }


def _entry(change: Change) -> dict[str, Any]:
    # SECURITY: the values of unknown keys are not reported.
    if not change.is_known:
        return {"key": change.name}
    before = change.before if change.before is not MISSING and is_presentable(change.before) else None
    return {"key": change.name, "from": before, "to": change.after}
