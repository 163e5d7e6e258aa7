"""One way for every change: show it and what it does, ask, make it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from django_ory_mfa.management.control.arguments import answer_of, is_terminal
from django_ory_mfa.management.control.document import MISSING, Path, is_presentable
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.keys import KEYS, WHOAMI_AAL
from django_ory_mfa.management.control.plan import Change, Plan, plan
from django_ory_mfa.management.control.shown import clean, diff
from django_ory_mfa.management.control.targets import Snapshot, Target, Written

DIFFERS = 3  # exit code
FILE_NOTE = "Not seen from here: a later -c file, flags and the environment of Kratos win over this file."
AAL2 = (
    f"aal2 is in no published schema of Ory and refused here. On Ory Network, {WHOAMI_AAL} may take it: "
    "--project … --allow-aal2 lets the API judge."
)


def expect_fit(wish: Mapping[Path, Any], *, allow_aal2: bool) -> None:
    """Raises ``ControlError`` for a known key with a value that it cannot have."""
    for path, value in wish.items():
        key = KEYS.get(".".join(path))
        if key is None or key.is_valid(value) or (allow_aal2 and key.name == WHOAMI_AAL and value == "aal2"):
            continue
        raise ControlError(AAL2 if value == "aal2" else f"{key.name} must be {key.kind.allowed}.")


def change(
    target: Target,
    snapshot: Snapshot,
    wish: Mapping[Path, Any],
    options: Mapping[str, Any],
    stdout: OutputWrapper,
    stderr: OutputWrapper,
) -> int:
    """Makes ``wish`` come true in ``target``, as far as ``options`` allow; returns the exit code."""
    expect_fit(wish, allow_aal2=options["allow_aal2"] and target.is_network)
    made = plan(snapshot.config, wish, is_network=target.is_network)
    talk = stderr if options["json"] else stdout
    if made.problems:
        raise ControlError("\n".join(("This would be wrong:", *made.problems)))
    if not made.changes:
        talk.write(f"{snapshot.label}: already so, nothing to change.")
        return _done(snapshot, made, None, options, stdout)
    place = target.place(snapshot, made)
    _explain(target, place, made, talk)
    if options["check"]:
        return _done(snapshot, made, None, options, stdout) or DIFFERS
    if options["dry_run"]:
        talk.write("Nothing was changed (--dry-run).")
        return _done(snapshot, made, None, options, stdout)
    _confirm(options, talk)
    written = target.write(snapshot, made)
    for warning in written.warnings:
        stderr.write(f"Ory warns: {clean(warning)}")
    talk.write(f"{place}: changed.")
    return _done(snapshot, made, written, options, stdout)


def _explain(target: Target, place: str, made: Plan, talk: OutputWrapper) -> None:
    talk.write(diff(place, made.changes))
    notes = made.effects if target.is_network else (*made.effects, FILE_NOTE)
    talk.write("".join(f"\n- {note}" for note in notes))


def _confirm(options: Mapping[str, Any], talk: OutputWrapper) -> None:
    if options["yes"]:
        return
    if not is_terminal(options):
        raise ControlError("Nothing was changed: there is no terminal to ask at. Say --yes if you mean it.")
    talk.write("\nMake this change? [y/N] ", ending="")
    talk.flush()
    try:
        answer = answer_of(options)
    except KeyboardInterrupt:
        answer = ""
    if answer not in ("y", "yes"):
        raise ControlError("Nothing was changed.")


def _done(
    snapshot: Snapshot, made: Plan, written: Written | None, options: Mapping[str, Any], stdout: OutputWrapper
) -> int:
    if options["json"]:
        stdout.write(json.dumps(_report(snapshot, made, written)))
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
    # SECURITY: the values of keys that are not known stay here.
    if not change.is_known:
        return {"key": change.name}
    before = change.before if change.before is not MISSING and is_presentable(change.before) else None
    return {"key": change.name, "from": before, "to": change.after}
