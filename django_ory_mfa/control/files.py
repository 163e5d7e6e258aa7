"""Configuration files of a Kratos: read together as it reads them, each changed as little as can be."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, ClassVar

from django_ory_mfa.control.document import MISSING, canonical, merged, missing_parent, value_at
from django_ory_mfa.control.failures import ConflictError, ControlError
from django_ory_mfa.control.formats import format_of
from django_ory_mfa.control.plan import Change, Plan, with_changes
from django_ory_mfa.control.shown import clean
from django_ory_mfa.control.targets import Snapshot, Written

LOCK_ATTEMPTS, LOCK_PAUSE = 50, 0.1  # seconds
LONGEST = 4 * 1024 * 1024  # bytes
LOCK_NOW = 6  # LOCK_EX | LOCK_NB
# Windows has neither; there, reading again right before the write is what notices another editor.
_flock: Callable[[int, int], Any] = importlib.import_module("fcntl").flock if os.name == "posix" else lambda *_: None
_chown: Callable[[str, int, int], None] = getattr(os, "chown", lambda *_: None)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A file as it was read."""

    path: Path
    content: bytes
    config: dict[str, Any]


class FileTarget:
    """The files of ``kratos serve -c … -c …``, in that order.

    A change goes to the last file that has the key. It is written into a new file that then takes the place of the old
    one; into the old file itself if that is a link, or ``in_place``.
    """

    is_network: ClassVar[bool] = False

    def __init__(
        self, paths: Sequence[str], *, in_place: bool = False, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._paths = list(dict.fromkeys(Path(path) for path in paths))
        self._in_place = in_place
        self._pause = pause
        self._copies: list[_Copy] = []

    def read(self) -> Snapshot:
        """The configuration of all files together."""
        self._copies = [_read(path) for path in self._paths]
        label = ", ".join(clean(path) for path in self._paths)
        return Snapshot(label, _together(copy.config for copy in self._copies))

    def write(self, snapshot: Snapshot, plan: Plan) -> Written:
        """Changes the files that were read by ``read``; none, if one of them is another by now."""
        texts = self._texts(plan.changes)
        with ExitStack() as stack:
            for copy in self._copies:
                stack.enter_context(_locked(copy.path, self._pause))
            self._expect_unchanged()
            for copy, text in texts:
                _write(copy, text.encode(), in_place=self._in_place)
        return Written()

    def _texts(self, changes: Sequence[Change]) -> list[tuple[_Copy, str]]:
        """The files that change, with their new texts, as a proof that the whole then is what was planned."""
        texts = {copy.path: copy.content.decode() for copy in self._copies}
        # Backwards, since each new key becomes the first of its parent.
        for change in reversed(changes):
            path = self._home(change)
            try:
                texts[path] = format_of(path).splice(texts[path], change.path, change.after)
            except ControlError as error:
                raise type(error)(f"{clean(path)}: {error}") from error
        new = _together(format_of(path).load(text) for path, text in texts.items())
        old = _together(copy.config for copy in self._copies)
        if canonical(new) != canonical(with_changes(old, changes)):
            raise ControlError(
                "The files together would not be what was planned: another file wins. Edit them by hand."
            )
        return [(copy, texts[copy.path]) for copy in self._copies if copy.content.decode() != texts[copy.path]]

    def _home(self, change: Change) -> Path:
        """The last file with the key; if none has it, the last of those that have most of its parents."""
        for copy in reversed(self._copies):
            if value_at(copy.config, change.path) is not MISSING:
                return copy.path
        depths = [
            (len(missing_parent(copy.config, change.path) or change.path), number)
            for number, copy in enumerate(self._copies)
        ]
        return self._copies[max(depths)[1]].path

    def _expect_unchanged(self) -> None:
        for copy in self._copies:
            if _content(copy.path) != copy.content:
                message = f"{clean(copy.path)} was changed by somebody else since it was read. Nothing was written."
                raise ConflictError(message)


def _together(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    return reduce(merged, configs, first)


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ControlError(f"{clean(path)} is no file.")
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be read: {error.strerror}.") from error
    if len(content) > LONGEST:
        raise ControlError(f"{clean(path)} is too large to be a configuration.")
    return content


def _read(path: Path) -> _Copy:
    parser, content = format_of(path), _content(path)
    try:
        config = parser.load(content.decode())
    except UnicodeDecodeError as error:
        raise ControlError(f"{clean(path)} is not in UTF-8.") from error
    except ControlError as error:
        raise ControlError(f"{clean(path)}: {error}") from error
    if not isinstance(config, dict):
        raise ControlError(f"{clean(path)} holds no configuration.")
    return _Copy(path, content, config)


@contextmanager
def _locked(path: Path, pause: Callable[[float], None]) -> Iterator[None]:
    """Alone with the file, as far as others ask for the same lock; it is the file itself, so nothing is left behind."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConflictError(f"{clean(path)} cannot be read any more: {error.strerror}. Nothing was written.") from error
    with file:
        for _ in range(LOCK_ATTEMPTS):
            try:
                _flock(file.fileno(), LOCK_NOW)
                break
            except BlockingIOError:
                pause(LOCK_PAUSE)
        else:
            raise ConflictError(f"{clean(path)} is locked by another program. Nothing was written: try again.")
        yield


def _write(copy: _Copy, content: bytes, *, in_place: bool) -> None:
    known = copy.path.lstat()
    try:
        if in_place or stat.S_ISLNK(known.st_mode) or known.st_nlink > 1:
            _overwrite(copy, content)
        else:
            _replace(copy.path, content)
    except OSError as error:
        message = f"{clean(copy.path)} could not be written: {error.strerror}. It is as it was."
        hint = "" if in_place else " If it is mounted on its own, or the folder is not yours, try --in-place."
        raise ControlError(message + hint) from error


def _replace(path: Path, content: bytes) -> None:
    """Puts a new file in the place of the old one; whoever watches it sees either, never a half."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _take_over(path, name)
            os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    _sync_folder(path.parent)


def _take_over(path: Path, name: str) -> None:
    """Owner, mode and attributes of ``path`` for the new file, but not its times."""
    old = path.stat()
    _chown(name, old.st_uid, old.st_gid)
    shutil.copystat(path, name)
    os.utime(name)


def _sync_folder(folder: Path) -> None:
    # Not every system opens folders.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _overwrite(copy: _Copy, content: bytes) -> None:
    """Writes into the file that is there, through a link; in one write, so that nobody reads a half."""
    # Padded to the old length and cut only then: at no time does the rest of the old text stand behind the new one.
    padded = content.ljust(len(copy.content), b"\n")
    with copy.path.open("r+b", buffering=0) as file:
        try:
            written = file.write(padded)
            if written != len(padded):
                raise OSError(28, "no space for all of it")
            file.truncate(len(content))
        except OSError:
            file.seek(0)
            file.write(copy.content)
            file.truncate(len(copy.content))
            raise
        os.fsync(file.fileno())
