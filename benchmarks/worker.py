"""One run of one letter, in a process of its own: ``python -m benchmarks.worker A FILE [--quick]``.

Prints the rows as JSON; every figure goes to ``FILE``, as pyperf writes it.
"""

from __future__ import annotations

import importlib
import os
import sys

import django
import pyperf

from benchmarks.table import dumped
from benchmarks.timing import Plan, Seconds

LETTERS = {
    "A": "benchmarks.a_requests",
    "B": "benchmarks.b_whoami",
    "C": "benchmarks.c_pages",
    "D": "benchmarks.d_startup",
    "E": "benchmarks.e_bursts",
    "F": "benchmarks.f_outage",
    "G": "benchmarks.g_growth",
    "H": "benchmarks.h_users",
    "I": "benchmarks.i_apis",
}


def main() -> None:
    """Measures."""
    letter, file, *options = sys.argv[1:]
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    # Imported here, since the peers' models need Django to be set up.
    module = importlib.import_module(LETTERS[letter])
    record: Seconds = {}
    rows = list(module.measure(Plan(quick="--quick" in options), record))
    if record:
        pyperf.BenchmarkSuite([_benchmark(name, figures) for name, figures in record.items()]).dump(file, replace=True)
    print(dumped(rows))


def _benchmark(name: str, figures: list[float]) -> pyperf.Benchmark:
    metadata = {"name": name, "unit": "second"}
    return pyperf.Benchmark([pyperf.Run(figures, metadata=metadata, collect_metadata=True)])


if __name__ == "__main__":
    main()
