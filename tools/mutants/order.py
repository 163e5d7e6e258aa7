"""In which order tests are run against a mutant: those first that are likely to notice it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from pathlib import PurePath

from tools.mutants.places import own_tests


def in_order(
    tests: Iterable[str], file: str, *, running: Set[str], kills: Mapping[str, int], seconds: Mapping[str, float]
) -> list[str]:
    """Put ``tests`` into the order in which they run against a mutant of ``file``.

    Those that are known to be ``running`` the line come first: what has killed others, then the module's own tests,
    those of its room, and others. Among these every file of tests has its turn, with its quickest test first.
    """
    own, turns = set(own_tests(file)), Counter[str]()
    places = {}
    for test in sorted(tests, key=lambda test: (test not in running, seconds.get(test, 0.0), test)):
        turns[_file(test)] += 1
        places[test] = (test not in running, -kills.get(test, 0), distance(_file(test), file, own), turns[_file(test)])
    return sorted(places, key=lambda test: places[test])


def distance(tests: str, file: str, own: Set[str]) -> int:
    """Return 0 for the tests of the module itself, which may be several files, 1 for those of its room, else 2."""
    test, module = PurePath(tests), PurePath(file)
    is_of_room = test.parent == PurePath("tests") / module.parent
    if tests in own or (is_of_room and test.stem.startswith(f"test_{module.stem}_")):
        return 0
    return 1 if is_of_room else 2


def _file(test: str) -> str:
    return test.partition("::")[0]
