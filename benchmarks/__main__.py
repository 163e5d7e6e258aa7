"""Measures the package beside its peers and prints the targets, the figures of today, and what was met.

``python -m benchmarks`` measures every letter, three times; ``python -m benchmarks A G`` some letters. With ``--quick``
it shows that everything can be measured, and its figures mean nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pyperf

from benchmarks.table import HEADINGS, Row, as_text, loaded, verdicts
from benchmarks.worker import LETTERS

ROOT = Path(__file__).resolve().parent.parent
PEERS = (
    "Django",
    "asgiref",
    "requests",
    "urllib3",
    "ory-client",
    "django-otp",
    "django-allauth",
    "djangorestframework",
    "django-ninja",
    "djangorestframework-simplejwt",
    "mozilla-django-oidc",
    "gunicorn",
    "uvicorn",
    "pyperf",
)
# How a program says which version it is.
PROGRAMS = {"go": ["version"], "node": ["--version"], "nginx": ["-v"], "wrk": ["-v"]}


def main() -> int:
    """0 if everything could be measured, met or not."""
    options = _options()
    folder = options.output or Path(tempfile.mkdtemp(prefix="benchmarks-"))
    folder.mkdir(parents=True, exist_ok=True)
    if options.quick:
        print("Quick: this shows that everything can be measured. The figures, and what they meet, mean nothing.")
    print(as_text(("Measured with", "Version"), _versions()), _load("before"), sep="\n", flush=True)
    runs: list[list[Row]] = []
    files: dict[str, list[Path]] = {letter: [] for letter in options.letters}
    failed: set[str] = set()
    for number in range(options.runs):
        for letter in options.letters:
            file = folder / f"{letter}-{number}.json"
            rows = _run(letter, file, quick=options.quick)
            if rows is None:
                failed.add(letter)
                continue
            runs.append(rows)
            if file.exists():
                files[letter].append(file)
    print(_load("after"))
    print(as_text(HEADINGS, sorted(verdict.cells() for verdict in verdicts(runs))))
    print(as_text(("Median of all rounds", "Seconds"), _medians(files)))
    print(f"Every figure: {folder}, for `python -m pyperf show` and `stats`.")
    for letter in sorted(failed):
        print(f"{letter} failed, see above; its rows are missing or of fewer runs.")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("letters", nargs="*", metavar="LETTER", help=f"{' '.join(LETTERS)}; all if left out")
    parser.add_argument("--quick", action="store_true", help="show that it works; the figures mean nothing")
    parser.add_argument("--runs", type=int, metavar="N", help="3, or 1 with --quick; what counts is the median run")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="keep every figure here")
    options = parser.parse_args()
    options.letters = [letter.upper() for letter in options.letters] or list(LETTERS)
    if unknown := [letter for letter in options.letters if letter not in LETTERS]:
        parser.error(f"no such letter: {' '.join(unknown)}")
    if options.runs is None:
        options.runs = 1 if options.quick else 3
    if options.runs < 1:
        parser.error("--runs must be 1 or more")
    return options


def _run(letter: str, file: Path, *, quick: bool) -> list[Row] | None:
    """The rows of one run; None if it failed."""
    print(f"{letter} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.worker", letter, str(file.resolve()), *(["--quick"] if quick else [])]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return loaded(run.stdout.splitlines()[-1]) if run.returncode == 0 else None


def _versions() -> Iterator[tuple[str, str]]:
    yield "Python", platform.python_version()
    for name in PEERS:
        yield name, version(name)
    for name, arguments in PROGRAMS.items():
        yield name, _program_version(name, arguments)
    yield "Cores", str(len(os.sched_getaffinity(0)))


def _program_version(name: str, arguments: list[str]) -> str:
    if shutil.which(name) is None:
        return "not installed"
    said = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).splitlines()[0]


def _load(when: str) -> str:
    return f"Load average {when}: {' '.join(f'{load:.2f}' for load in os.getloadavg())}"


def _medians(files: dict[str, list[Path]]) -> Iterator[tuple[str, str]]:
    """The medians behind the ratios, of all runs together."""
    for letter, found in sorted(files.items()):
        suites = [pyperf.BenchmarkSuite.load(str(file)) for file in found]
        for suite in suites[1:]:
            suites[0].add_runs(suite)
        for benchmark in suites[0] if suites else ():
            yield f"{letter} {benchmark.get_name()}", benchmark.format_value(benchmark.median())


if __name__ == "__main__":
    sys.exit(main())
