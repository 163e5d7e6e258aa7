"""Repacks source distributions so that two builds are the same bytes: ``python -m tools.repack FILE…``.

setuptools writes wheels by ``SOURCE_DATE_EPOCH``, but source distributions with the times and owners that it finds.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path


def repack(path: Path, *, moment: int) -> None:
    """Write the source distribution anew: sorted, owned by nobody in particular, and as old as ``moment`` (seconds)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, data in sorted(_members(path), key=lambda one: one[0].name):
            member.mtime = moment
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            archive.addfile(member, None if data is None else io.BytesIO(data))
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=moment))


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, bytes | None]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            yield member, None if file is None else file.read()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        repack(Path(name), moment=int(os.environ["SOURCE_DATE_EPOCH"]))
