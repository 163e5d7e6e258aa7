"""Installs and tries one neighbour after the other, and writes the page: ``python -m tests.neighbours [name …]``.

Runs in ``.venv-neighbours``. With names it tries these alone, says what it found and writes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.neighbours.document import write
from tests.neighbours.table import NEIGHBOURS, Neighbour
from tools.chaos.servers import ROOT, PostgresServer, RedisServer

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
SERVERS: dict[str, Any] = {"redis": RedisServer, "postgres": PostgresServer}
LONGEST = 600


def main(names: list[str]) -> None:
    found: dict[str, dict[str, Any]] = {}
    for neighbour in NEIGHBOURS:
        if not names or neighbour.package in names:
            found[neighbour.package] = tried(neighbour)
            sys.stdout.write(f"{neighbour.package}: {json.dumps(found[neighbour.package], indent=2)}\n")
            sys.stdout.flush()
    if not names:
        write(found)


def tried(neighbour: Neighbour) -> dict[str, Any]:
    """What was found, or why nothing was."""
    before = installed()
    try:
        # The neighbour stands first, so that of two versions that do not fit it is Django's that gives way.
        run([*PIP, "install", "--quiet", "--upgrade", neighbour.package, *neighbour.requirements, "Django>=5.2"])
        with server(neighbour) as url, tempfile.TemporaryDirectory() as folder:
            variables = {"NEIGHBOUR_SERVER": url, "NEIGHBOUR_DATABASE": f"{folder}/site.sqlite3"}
            lines = run([sys.executable, "-m", "tests.neighbours.trial"], NEIGHBOUR=neighbour.package, **variables)
        found: dict[str, Any] = json.loads(lines.splitlines()[-1])
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return {"untried": str(error)}
    finally:
        if extra := installed() - before:
            run([*PIP, "uninstall", "--quiet", "--yes", *sorted(extra)])
    return found


def installed() -> set[str]:
    """The names of the packages of this environment."""
    listed: list[dict[str, str]] = json.loads(run([*PIP, "list", "--format=json"]))
    return {package["name"] for package in listed}


@contextmanager
def server(neighbour: Neighbour) -> Iterator[str]:
    """The URL of the server that the neighbour needs, if any, while it runs."""
    if not neighbour.server:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder, closing(SERVERS[neighbour.server](Path(folder))) as started:
        yield started.url


def run(command: list[str], **variables: str) -> str:
    """What a program prints; raises ``RuntimeError`` with its last line if it fails."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.neighbours.settings", **variables}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=LONGEST,
    )
    sys.stderr.write(done.stderr)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no reason was given"])[-1])
    return done.stdout


if __name__ == "__main__":
    main(sys.argv[1:])
