"""Builds the Kratos that ``go.mod`` names, for the tests that want a real one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = Path(__file__).resolve().parent
PACKAGE = "github.com/ory/kratos"
MISSING = "No Kratos: neither the command go nor the environment variable KRATOS_BIN was found."


def kratos_binary() -> Path | None:
    """The Kratos of ``KRATOS_BIN``, else one that is built once and kept, else None if there is no Go either."""
    if given := os.environ.get("KRATOS_BIN"):
        return _existing(Path(given))
    if shutil.which("go") is None:
        return None
    binary = _cache_folder() / "kratos"
    if not binary.exists():
        _build(binary)
    return binary


def _existing(binary: Path) -> Path:
    if not binary.is_file():
        raise FileNotFoundError(f"KRATOS_BIN={binary} is not a file.")
    return binary.resolve()


def _cache_folder() -> Path:
    """A folder of its own for each state of ``go.mod``, ``go.sum`` and the build command."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()
    inputs = [(MODULE / name).read_bytes() for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"\0".join([*inputs, *(part.encode() for part in _command())])).hexdigest()
    return root / "django-ory-mfa" / f"kratos-{_version()}-{digest[:16]}"


def _version() -> str:
    found = re.search(rf"{PACKAGE} (v\S+)", (MODULE / "go.mod").read_text())
    if found is None:
        raise RuntimeError(f"go.mod does not require {PACKAGE}.")
    return found[1]


def _command() -> list[str]:
    # Without the flag for the linker, Kratos would give its version as "master".
    stamp = f"-X {PACKAGE}/driver/config.Version={_version()}"
    return ["go", "build", "-tags", "sqlite", "-ldflags", stamp]


def _build(binary: Path) -> None:
    """Builds ``binary`` so that it is either complete or absent, also when two builds run at a time."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    # Without cgo the build would succeed and SQLite fail only when Kratos starts.
    env = {**os.environ, "CGO_ENABLED": "1"}
    with tempfile.TemporaryDirectory(dir=binary.parent) as folder:
        unfinished = Path(folder, binary.name)
        subprocess.run([*_command(), "-o", unfinished, PACKAGE], cwd=MODULE, env=env, check=True)
        unfinished.replace(binary)


def main() -> int:
    """Prints the path of the binary, or why there is none."""
    try:
        binary = kratos_binary()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    print(binary or MISSING, file=sys.stdout if binary else sys.stderr)
    return 0 if binary else 1


if __name__ == "__main__":
    sys.exit(main())
