"""Configuration files of a Kratos: read together as Kratos does, each changed as little as possible."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, ClassVar

from django_ory_mfa.management.control.config_file import read_config
from django_ory_mfa.management.control.document import MISSING, canonical, merged, missing_parent, value_at
from django_ory_mfa.management.control.failures import ControlError
from django_ory_mfa.management.control.file_write import write_all
from django_ory_mfa.management.control.formats import format_of
from django_ory_mfa.management.control.plan import Change, Plan, with_changes
from django_ory_mfa.management.control.preview import file_diff
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.targets import Draft, FileCopy, Snapshot, Written


class FileTarget:
    """The files of ``kratos serve -c … -c …``, in that order.

    A change goes to the last file that has the key. The new text is written to a new file that replaces the old one;
    a link, a file with several names, and with ``in_place`` any file is overwritten instead. ``pause`` is what sleeps,
    for so many seconds, while another program holds a file.
    """

    is_network: ClassVar[bool] = False

    def __init__(
        self, paths: Sequence[str], *, in_place: bool = False, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._paths = list(dict.fromkeys(Path(path) for path in paths))
        self._in_place = in_place
        self._pause = pause

    def read(self) -> Snapshot:
        """Return the configuration of all files together; raises ``ControlError``."""
        files = tuple(read_config(path) for path in self._paths)
        return Snapshot(_names(self._paths), _together(file.config for file in files), files=files)

    def draft(self, snapshot: Snapshot, plan: Plan) -> Draft:
        """Return the new texts of the files that change; raises ``ControlError`` if one cannot be changed that way."""
        edits = _edits(snapshot.files, plan.changes)
        names = [change.name for change in plan.changes]
        preview = "\n".join(file_diff(file.path, file.content.decode(), text, names) for file, text in edits)
        return Draft(snapshot, plan, _names(file.path for file, _ in edits), preview, edits)

    def write(self, draft: Draft) -> Written:
        """Change the files of ``draft``.

        Raises ``ConflictError``, and changes none, if any file is not what was read; ``ControlError`` if one cannot be
        written.
        """
        write_all(draft.snapshot.files, draft.edits, in_place=self._in_place, pause=self._pause)
        return Written()


def _edits(files: Sequence[FileCopy], changes: Sequence[Change]) -> tuple[tuple[FileCopy, str], ...]:
    """Return the files that change with their new texts, which together are what was planned."""
    texts = {file.path: file.content.decode() for file in files}
    for change in changes:
        path = _home(files, change)
        try:
            texts[path] = format_of(path).splice(texts[path], change.path, change.after)
        except ControlError as error:
            raise type(error)(f"{clean(path)}: {error}") from error
    new = _together(format_of(path).load(text) for path, text in texts.items())
    old = _together(file.config for file in files)
    if canonical(new) != canonical(with_changes(old, changes)):
        raise ControlError(
            "The files together would not have the planned values, since one overrides another. Edit them by hand."
        )
    return tuple((file, texts[file.path]) for file in files if file.content.decode() != texts[file.path])


def _home(files: Sequence[FileCopy], change: Change) -> Path:
    """Return the last file with the key; if none has it, the last of those with most of its parents."""
    for file in reversed(files):
        if value_at(file.config, change.path) is not MISSING:
            return file.path

    def depth(number: int) -> tuple[int, int]:
        return len(missing_parent(files[number].config, change.path) or change.path), number

    return files[max(range(len(files)), key=depth)].path


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(map(clean, paths))


def _together(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    return reduce(merged, configs, first)
