"""Prints what a run came to; the status is 1 if anything did that must not happen."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from pathlib import Path

from tools.chaos.run import DATABASES, Result, run
from tools.chaos.servers import APP_SERVERS, THREADS, kratos_binary
from tools.chaos.site import TIMEOUT
from tools.chaos.visitors import GUARDED, WRONG, Verdict, Visit

# What a guarded page may take beyond the total time-out, and a public one beyond what it took in calm weather; far less
# than the time-out, which is what a public page would take that waited for Ory.
NOISE = 1.0  # seconds
COLUMNS = (
    ("shown", Verdict.SHOWN),
    ("refused", Verdict.REFUSED),
    ("503", Verdict.UNAVAILABLE),
    ("excused", Verdict.EXCUSED),
    ("unsure", Verdict.STEP_UP),
    ("late503", Verdict.LATE),
    ("allow!", Verdict.WRONG_ALLOW),
    ("refuse!", Verdict.WRONG_REFUSAL),
    ("500", Verdict.ERROR),
    ("broken", Verdict.BROKEN),
)
LEGEND = """\
excused: Ory said 401 of people who are signed in, and that it is ready, or was less than a second ago. unsure: a
step-up of somebody whose second factor could not be looked up. allow!, refuse!: a wrong one. late503: told that Ory is
ill for longer after it was well than the longest pause of the breaker (2 to 10 s, by the length of the outage) or, for
those without a session, bad news of its readiness (5 s). guarded, public: the slowest page in seconds."""


def table(result: Result) -> str:
    """The counts of every phase, and of all."""
    header = f"{'phase':<23}{'requests':>9}" + "".join(f"{name:>9}" for name, _ in COLUMNS) + "  guarded  public"
    rows = [row(name, [visit for visit in result.visits if visit.phase == name]) for name in result.phases]
    return "\n".join([header, *rows, row("all", result.visits)])


def row(name: str, visits: list[Visit]) -> str:
    """One line of the table."""
    counts = Counter(visit.verdict for visit in visits)
    numbers = "".join(f"{counts[verdict]:>9}" for _, verdict in COLUMNS)
    times = f"{slowest(visits, *GUARDED):>9.2f}{slowest(visits, 'public'):>8.2f}"
    return f"{name:<23}{len(visits):>9}{numbers}{times}"


def slowest(visits: list[Visit], *pages: str) -> float:
    """Seconds of the slowest answer among ``pages``."""
    return max((visit.seconds for visit in visits if visit.page in pages), default=0.0)


def faults_of(result: Result, *, are_times_judged: bool = True, is_public_judged: bool = True) -> list[str]:
    """What happened that must not."""
    counts = Counter(visit.verdict for visit in result.visits)
    found = [f"{counts[verdict]} x {verdict}" for verdict in WRONG if counts[verdict]]
    if are_times_judged:
        found += slow_pages(result, is_public_judged=is_public_judged)
    if result.shown_after_sign_out:
        found.append(f"{result.shown_after_sign_out} pages shown after sign-out")
    if result.workers < 2:
        found.append("only one worker was asked after sign-out")
    if set(result.memory_before) != set(result.memory_after):
        found.append("a worker died")
    if "Traceback" in result.log:
        found.append("a traceback in the log")
    return found


def slow_pages(result: Result, *, is_public_judged: bool) -> list[str]:
    """What took too long."""
    found = []
    guarded, public = slowest(result.visits, *GUARDED), slowest(result.visits, "public")
    calm = slowest([visit for visit in result.visits if visit.phase == "calm"], "public")
    if guarded > TIMEOUT[1] + NOISE:
        found.append(f"a guarded page took {guarded:.2f} s")
    if is_public_judged and public > calm + NOISE:
        found.append(f"a public page took {public:.2f} s, and {calm:.2f} s in calm weather")
    return found


def main() -> int:
    """Runs, and says how it went."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=520, help="of all phases together")
    parser.add_argument("--server", choices=APP_SERVERS, default="gunicorn")
    parser.add_argument("--cache", choices=("none", "redis"), default="none")
    parser.add_argument("--database", choices=DATABASES, default="file", help="of Kratos")
    parser.add_argument(
        "--visitors", type=int, help="of guarded pages at once; as many as a worker has threads leave none for others"
    )
    parser.add_argument("--only", default="", help="phases whose name has this in it, besides the calm one")
    parser.add_argument("--log", type=Path, help="where to leave what the site logged")
    options = parser.parse_args()
    # Ends like an interrupt: with the programs that were started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    spare = {"gunicorn": THREADS - 1, "uvicorn": 12}[options.server]
    guarded = options.visitors or spare
    binary = kratos_binary()
    if binary is None:
        print("There is no Kratos: install Go, or name one in KRATOS_BIN.", file=sys.stderr)
        return 1
    result = run(
        binary,
        options.server,
        options.cache,
        seconds=options.seconds,
        guarded=guarded,
        database=options.database,
        only=lambda phase: phase.name == "calm" or options.only in phase.name,
        say=lambda name: print(name, end=" · ", flush=True, file=sys.stderr),
    )
    around = f"{options.server}, cache {options.cache}, database {options.database}"
    print(f"\n{around}, {guarded} visitors of guarded pages, {options.seconds:.0f} s\n")
    print(f"{table(result)}\n\n{LEGEND}\n")
    for pid, before in result.memory_before.items():
        print(f"worker {pid}: {before / 1024:.1f} MiB before, {result.memory_after.get(pid, 0) / 1024:.1f} MiB after")
    print(f"after sign-out in one worker: {result.workers} workers asked, {result.shown_after_sign_out} pages shown")
    wrong = [visit for visit in result.visits if visit.verdict in WRONG]
    for visit in wrong[:30]:
        print(f"{visit.verdict}: {visit.phase}, {visit.visitor} at {visit.page}, {visit.seconds:.2f} s, {visit.detail}")
    found = faults_of(result, is_public_judged=options.server != "gunicorn" or guarded <= spare)
    if options.log:
        options.log.write_text(result.log)
    print("\n".join(["FAILED", *found]) if found else "All as it has to be.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
