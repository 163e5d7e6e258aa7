"""Configuration files of a Kratos: read together as it reads them, each changed as little as can be."""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import reduce
from io import FileIO
from pathlib import Path
from typing import Any, ClassVar

from django_ory_mfa.management.control.document import MISSING, canonical, merged, missing_parent, value_at
from django_ory_mfa.management.control.failures import ConflictError, ControlError
from django_ory_mfa.management.control.formats import format_of
from django_ory_mfa.management.control.plan import Change, Plan, with_changes
from django_ory_mfa.management.control.reading import LONGEST_CONFIGURATION, read_whole
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.targets import Snapshot, Written

LOCK_ATTEMPTS, LOCK_PAUSE = 50, 0.1  # seconds
LOCK_NOW = 6  # LOCK_EX | LOCK_NB
# Windows has neither; there, reading again right before the write is what notices another editor.
_flock: Callable[[int, int], Any] = importlib.import_module("fcntl").flock if os.name == "posix" else lambda *_: None
# SECURITY: descriptors, since whoever may write the folder may put a link to any file in the place of a name.
_chown: Callable[[int, int, int], None] = getattr(os, "fchown", lambda *_: None)
_chmod: Callable[[int, int], None] = getattr(os, "fchmod", lambda *_: None)
_attributes: Callable[[int], list[str]] = getattr(os, "listxattr", lambda _: [])


@dataclass(frozen=True, slots=True)
class _Copy:
    """A file as it was read."""

    path: Path
    content: bytes = field(repr=False)
    config: dict[str, Any] = field(repr=False)


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
        return Snapshot(_names(self._paths), _together(copy.config for copy in self._copies))

    def place(self, snapshot: Snapshot, plan: Plan) -> str:
        """The files that change; raises ``ControlError`` if a text cannot be changed so."""
        return _names(copy.path for copy, _ in self._texts(plan.changes))

    def write(self, snapshot: Snapshot, plan: Plan) -> Written:
        """Changes the files that were read by ``read``; none, if one of them is another by now."""
        texts = self._texts(plan.changes)
        with ExitStack() as stack:
            changing = {copy.path for copy, _ in texts}
            files = {
                path: stack.enter_context(_locked(path, self._pause, in_place=path in changing and self._is_kept(path)))
                for path in (copy.path for copy in self._copies)
            }
            for copy in self._copies:
                if not _is_as_read(copy, files[copy.path]):
                    raise _changed(copy.path)
            for copy, text in texts:
                _write(copy, files[copy.path], text.encode())
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

    def _is_kept(self, path: Path) -> bool:
        """Whether the file itself has to change, and no other may take its place."""
        if self._in_place:
            return True
        with contextlib.suppress(OSError):  # one that is gone cannot be opened either
            known = path.lstat()
            return stat.S_ISLNK(known.st_mode) or known.st_nlink > 1
        return False


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(map(clean, paths))


def _changed(path: Path) -> ConflictError:
    return ConflictError(f"{clean(path)} was changed by somebody else since it was read. Nothing was written.")


def _together(configs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    return reduce(merged, configs, first)


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ControlError(f"{clean(path)} is no file.")
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be read: {error.strerror}.") from error
    return read_whole(path, limit=LONGEST_CONFIGURATION, kind="a configuration")


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
def _locked(path: Path, pause: Callable[[float], None], *, in_place: bool) -> Iterator[FileIO]:
    """Alone with the file, as far as others ask for the same lock; it is the file itself, so nothing is left behind.

    It is opened once, to be written if ``in_place``: what is compared through it is what is changed.
    """
    try:
        file = FileIO(path, "r+" if in_place else "r", opener=_at_once)
    except FileNotFoundError as error:
        raise ConflictError(f"{clean(path)} cannot be read any more: {error.strerror}. Nothing was written.") from error
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be opened: {error.strerror}. Nothing was written.") from error
    with file:
        for _ in range(LOCK_ATTEMPTS):
            try:
                _flock(file.fileno(), LOCK_NOW)
                break
            except OSError:
                pause(LOCK_PAUSE)
        else:
            raise ConflictError(f"{clean(path)} is locked by another program. Nothing was written: try again.")
        # While we waited, the holder may have put another file there, which somebody else holds by now.
        if not _is_at(path, file):
            raise _changed(path)
        yield file


def _is_at(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:  # nothing is there any more
        return False


def _at_once(path: str, flags: int) -> int:
    """Opens a file, without a wait should it be a pipe by now."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_as_read(copy: _Copy, file: FileIO) -> bool:
    try:
        file.seek(0)
        return file.read(len(copy.content) + 1) == copy.content
    except OSError:
        return False


def _write(copy: _Copy, file: FileIO, content: bytes) -> None:
    in_place = file.writable()
    try:
        if in_place:
            _overwrite(copy, file, content)
        else:
            _replace(copy.path, file, content)
    except OSError as error:
        state = "It is as it was." if _is_as_read(copy, file) else "It may be damaged: look at it now."
        message = f"{clean(copy.path)} could not be written: {error.strerror}. {state}"
        hint = "" if in_place else " If it is mounted on its own, or the folder is not yours, try --in-place."
        raise ControlError(message + hint) from error


def _replace(path: Path, old: FileIO, content: bytes) -> None:
    """Puts a new file in the place of ``old``; whoever watches it sees either, never a half."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "wb") as new:
            new.write(content)
            new.flush()
            _take_over(old.fileno(), descriptor)
            os.fsync(descriptor)
            for there, mine in ((path, old.fileno()), (name, descriptor)):
                if not os.path.samestat(os.lstat(there), os.fstat(mine)):
                    raise ConflictError(f"{clean(there)} was changed by somebody else meanwhile. Nothing was replaced.")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    _sync_folder(path.parent)


def _take_over(old: int, new: int) -> None:
    """Owner, mode and attributes of one open file for another; as the mode comes last, nobody may read too early."""
    known = os.fstat(old)
    _chown(new, known.st_uid, known.st_gid)
    for name in _attributes_of(old):
        # Some, such as labels, are for the system alone to give.
        with contextlib.suppress(PermissionError):
            os.setxattr(new, name, os.getxattr(old, name))
    _chmod(new, stat.S_IMODE(known.st_mode))


def _attributes_of(file: int) -> list[str]:
    try:
        return _attributes(file)
    except OSError:
        return []  # the file system knows none


def _sync_folder(folder: Path) -> None:
    # Not every system opens folders.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _overwrite(copy: _Copy, file: FileIO, content: bytes) -> None:
    """Writes into the file that is there, through a link; in one write, so that nobody reads a half."""
    # Padded to the old length and cut only then: at no time does the rest of the old text stand behind the new one.
    padded = content.ljust(len(copy.content), b"\n")
    file.seek(0)
    try:
        written = file.write(padded)
        if written != len(padded):
            raise OSError(28, "no space for all of it")
        file.truncate(len(content))
    except OSError:
        with contextlib.suppress(OSError):
            file.seek(0)
            file.write(copy.content)
            file.truncate(len(copy.content))
        raise
    os.fsync(file.fileno())
