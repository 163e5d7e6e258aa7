"""Writes configuration files: under a lock, compared with what was read, and never half written."""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from django_ory_mfa.management.control.failures import ConflictError, ControlError
from django_ory_mfa.management.control.shown import clean
from django_ory_mfa.management.control.targets import FileCopy

LOCK_ATTEMPTS, LOCK_PAUSE = 50, 0.1  # seconds
LOCK_NOW = 6  # LOCK_EX | LOCK_NB
# Windows has no locks of this kind; there, only the comparison right before the write detects another editor.
_flock: Callable[[int, int], Any] = importlib.import_module("fcntl").flock if os.name == "posix" else lambda *_: None
# SECURITY: these take descriptors, since a name can be replaced by a link to another file at any moment.
_chown: Callable[[int, int, int], None] = getattr(os, "fchown", lambda *_: None)
_chmod: Callable[[int, int], None] = getattr(os, "fchmod", lambda *_: None)
_attributes: Callable[[int], list[str]] = getattr(os, "listxattr", lambda _: [])


def write_all(
    files: Sequence[FileCopy],
    edits: Sequence[tuple[FileCopy, str]],
    *,
    in_place: bool,
    pause: Callable[[float], None],
) -> None:
    """Write the new texts of ``edits``, if every one of ``files`` still is what was read.

    Raises ``ConflictError`` if one is not, and ``ControlError`` if one cannot be written. ``pause`` sleeps for so many
    seconds while another program holds the lock.
    """
    overwritten = {file.path for file, _ in edits if in_place or _has_other_names(file.path)}
    with ExitStack() as stack:
        opened = {
            file.path: stack.enter_context(_locked(file.path, pause, in_place=file.path in overwritten))
            for file in files
        }
        for file in files:
            if not _is_as_read(file, opened[file.path]):
                raise _changed(file.path)
        for file, text in edits:
            _write(file, opened[file.path], text.encode())


def _has_other_names(path: Path) -> bool:
    """Whether the file is a link or has several names, so that a new file must not replace it."""
    with contextlib.suppress(OSError):  # a file that is gone cannot be opened either
        known = path.lstat()
        return stat.S_ISLNK(known.st_mode) or known.st_nlink > 1
    return False


def _changed(path: Path) -> ConflictError:
    return ConflictError(f"{clean(path)} was changed by somebody else after it was read. Nothing was written.")


@contextmanager
def _locked(path: Path, pause: Callable[[float], None], *, in_place: bool) -> Iterator[FileIO]:
    """Open the file and hold a lock on it; the lock is on the file itself, so no lock file remains.

    It is opened once, for writing if ``in_place``: the file that is compared is the file that is changed.
    """
    try:
        file = FileIO(path, "r+" if in_place else "r", opener=_without_waiting)
    except FileNotFoundError as error:
        raise ConflictError(f"{clean(path)} can no longer be read: {error.strerror}. Nothing was written.") from error
    except OSError as error:
        raise ControlError(f"{clean(path)} cannot be opened: {error.strerror}. Nothing was written.") from error
    with file:
        _lock(path, file, pause)
        # While this waited, the other program may have replaced the file, and a third may hold the new one.
        if not _is_at(path, file):
            raise _changed(path)
        yield file


def _lock(path: Path, file: FileIO, pause: Callable[[float], None]) -> None:
    for _ in range(LOCK_ATTEMPTS):
        try:
            _flock(file.fileno(), LOCK_NOW)
        except OSError:
            pause(LOCK_PAUSE)
        else:
            return
    raise ConflictError(f"{clean(path)} is locked by another program. Nothing was written: try again.")


def _is_at(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:  # there is no file any more
        return False


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; should it be a pipe by now, do not wait for a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_as_read(copy: FileCopy, file: FileIO) -> bool:
    try:
        file.seek(0)
        return file.read(len(copy.content) + 1) == copy.content
    except OSError:
        return False


def _write(copy: FileCopy, file: FileIO, content: bytes) -> None:
    in_place = file.writable()
    try:
        if in_place:
            _overwrite(copy, file, content)
        else:
            _replace(copy.path, file, content)
    except OSError as error:
        state = "It is unchanged." if _is_as_read(copy, file) else "It may be damaged: check it now."
        message = f"{clean(copy.path)} could not be written: {error.strerror}. {state}"
        hint = "" if in_place else " If it is a mount of its own, or you may not write to its folder, try --in-place."
        raise ControlError(message + hint) from error


def _replace(path: Path, old: FileIO, content: bytes) -> None:
    """Replace ``old`` by a new file; a reader sees one or the other, never a part.

    The folder is not synchronised: after a power failure the old file may be back, and it is whole.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(descriptor, "wb") as new:
            new.write(content)
            new.flush()
            _copy_access(old.fileno(), descriptor)
            os.fsync(descriptor)
            for there, mine in ((path, old.fileno()), (name, descriptor)):
                if not os.path.samestat(os.lstat(there), os.fstat(mine)):
                    raise ConflictError(f"{clean(there)} was changed by somebody else meanwhile. Nothing was replaced.")
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _copy_access(old: int, new: int) -> None:
    """Give one open file the owner, the attributes and the mode of another.

    SECURITY: an access control list is an attribute. Where there is one, the group bits of the mode are its mask, so
    that the mode alone would let the whole group read the secrets. The mode comes last, so that nobody reads too early.
    """
    known = os.fstat(old)
    _chown(new, known.st_uid, known.st_gid)
    for name in _attribute_names(old):
        try:
            os.setxattr(new, name, os.getxattr(old, name))
        except PermissionError:
            # Some, such as the labels of SELinux, only the system may set. An access control list is required.
            if name.startswith("system."):
                raise
    _chmod(new, stat.S_IMODE(known.st_mode))


def _attribute_names(file: int) -> list[str]:
    try:
        return _attributes(file)
    except OSError:
        return []  # the file system has none


def _overwrite(copy: FileCopy, file: FileIO, content: bytes) -> None:
    """Write into the existing file, through a link if it is one, in one write so that no reader sees a part."""
    # Padded to the old length and cut afterwards: at no time does the rest of the old text follow the new one.
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
