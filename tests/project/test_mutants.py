"""The parts of the mutation tests that need nothing but the suite's own tools."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from tools.mutants.changes import NeedsImportError, functions_of, replacements
from tools.mutants.explained import read_explained
from tools.mutants.map import folder_name, made_once
from tools.mutants.order import in_order
from tools.mutants.places import EXPLAINED, OTHERWISE_NAMED, PACKAGE, chosen, own_tests, sources
from tools.mutants.watch import RUNNING, Patience, Verdict, last_word


def test_explanations_are_read_by_the_keys_of_their_mutants() -> None:
    text = "# a comment\n\ncore/x.py: f: a or b  # why => a  ## b is never true\n"

    assert read_explained(text) == {"core/x.py: f: a or b  # why => a": "b is never true"}


@pytest.mark.parametrize("line", ["core/x.py: f: a => b", "core/x.py: f: a => b  ## "])
def test_explanation_without_a_reason_is_refused(line: str) -> None:
    with pytest.raises(SystemExit, match="no reason"):
        read_explained(line)


def test_explanations_are_about_lines_that_are_there() -> None:
    for key in read_explained(EXPLAINED.read_text()):
        file, _, rest = key.partition(": ")
        line = rest.partition(": ")[2].partition(" => ")[0]

        assert file in sources()
        assert line in " ".join(map(str.strip, (PACKAGE / file).read_text().splitlines()))


def test_every_module_is_on_the_path_or_known_not_to_be() -> None:
    """``core`` comes first, and what no request enters is left out."""
    files = sources()

    assert files[0].startswith("core/")
    assert {"session/resolver.py", "ory/client.py", "core/decision.py", "templatetags/ory_mfa.py"} <= set(files)
    assert not [file for file in files if file.startswith(("checks/", "management/", "testing/"))]


def test_module_or_folder_is_chosen_by_its_name() -> None:
    assert chosen(["core/decision.py"]) == ["core/decision.py"]
    assert chosen(["django_ory_mfa/core/"]) == [file for file in sources() if file.startswith("core/")]
    assert chosen([]) == sources()


@pytest.mark.parametrize("name", ["core/nothing.py", "control", "cor"])
def test_name_of_no_module_on_the_path_is_refused(name: str) -> None:
    with pytest.raises(SystemExit, match=name):
        chosen([name])


def test_tests_of_a_module_are_found_by_its_name() -> None:
    assert own_tests("core/decision.py") == ["tests/core/test_decision.py"]
    assert own_tests("session/cache.py") == ["tests/session/test_cache.py"]
    assert own_tests("conf.py") == ["tests/test_conf.py"]
    assert own_tests("mixins.py") == ["tests/guard/test_mixins.py"]
    assert own_tests("templatetags/ory_mfa.py") == ["tests/test_tags.py"]
    assert set(OTHERWISE_NAMED) <= set(sources())
    assert own_tests("request/method.py") == []
    assert all((PACKAGE.parent / name).is_file() for file in sources() for name in own_tests(file))


OWN, MORE = "tests/session/test_session_owner.py", "tests/session/test_session_owner_users.py"
ROOM, FAR = "tests/session/test_cache.py", "tests/guard/test_guards.py"


def test_own_tests_run_first_then_those_of_the_room_then_others() -> None:
    tests = [f"{FAR}::a", f"{ROOM}::b", f"{OWN}::c", f"{OWN}::d", f"{MORE}::e", f"{OWN}::f"]
    seconds = {f"{OWN}::c": 2.0, f"{OWN}::d": 1.0, f"{MORE}::e": 5.0}

    found = in_order(
        tests, "session/session_owner.py", running={*tests} - {f"{OWN}::f"}, kills={f"{FAR}::z": 3}, seconds=seconds
    )

    # Each file has its turn, and what does not run the line comes last.
    assert found == [f"{OWN}::d", f"{MORE}::e", f"{OWN}::c", f"{ROOM}::b", f"{FAR}::a", f"{OWN}::f"]


def test_what_has_killed_mutants_runs_before_all_others() -> None:
    tests = [f"{OWN}::a", f"{FAR}::b", f"{ROOM}::c"]
    kills = {f"{FAR}::b": 1, f"{ROOM}::c": 2}

    found = in_order(tests, "session/session_owner.py", running={*tests}, kills=kills, seconds={})

    assert found == [f"{ROOM}::c", f"{FAR}::b", f"{OWN}::a"]


@pytest.mark.parametrize(
    ("file", "of_room"), [("conf.py", "tests/test_notice.py"), ("ory/health.py", "tests/ory/x.py")]
)
def test_room_of_a_module_is_the_folder_that_bears_its_name(file: str, of_room: str) -> None:
    tests = [f"{FAR}::a", f"{of_room}::b"]

    assert in_order(tests, file, running={*tests}, kills={}, seconds={}) == [f"{of_room}::b", f"{FAR}::a"]


def test_verdict_is_the_last_word_of_a_trial() -> None:
    here, there = Pipe(duplex=False)
    for word in ((RUNNING, "a"), (RUNNING, "b"), (Verdict.KILLED, "b")):
        there.send(word)

    assert last_word(here, Patience.of(["a", "b"], {})) == (Verdict.KILLED, "b")


@pytest.mark.parametrize("patience", [Patience(0, 60, {}), Patience(60, 60, {"a": 60, "b": 0})], ids=["whole", "test"])
def test_trial_that_takes_too_long_names_the_test_that_hangs(patience: Patience) -> None:
    here, there = Pipe(duplex=False)
    there.send((RUNNING, "a"))
    there.send((RUNNING, "b"))

    assert last_word(here, patience) == (Verdict.TIMEOUT, "b")


def test_trial_that_begins_no_test_in_time_has_timed_out() -> None:
    here, there = Pipe(duplex=False)

    assert last_word(here, Patience(60, 0, {})) == (Verdict.TIMEOUT, "")
    assert not there.closed


def test_trial_that_ends_without_a_word_was_killed() -> None:
    here, there = Pipe(duplex=False)
    there.send((RUNNING, "a"))
    there.close()

    assert last_word(here, Patience.of(["a"], {})) == (Verdict.KILLED, "")


def test_limit_of_a_trial_grows_with_what_its_tests_take() -> None:
    patience = Patience.of(["a", "b"], {"a": 2.0, "c": 100.0})

    assert (patience.after("a"), patience.after("b"), patience.whole) == (80, 60, 610)


def test_map_by_many_tests_has_a_name_that_is_short_enough_and_its_own() -> None:
    many = [f"tests/guard/test_{number}.py" for number in range(99)]

    assert folder_name([]) == "map"
    assert folder_name(["tests/core/", "tests/ory/test_client.py"]) == "map-tests.core-tests.ory.test_client.py"
    assert len(folder_name(many)) < 100
    assert folder_name(many) != folder_name(many[1:]) != folder_name(many[:-1])


def test_map_is_made_once_if_two_want_it_at_once(tmp_path: Path) -> None:
    made, told = list[str](), list[str]()
    begins, waits = threading.Event(), threading.Event()

    def make() -> None:
        begins.set()
        assert waits.wait(60)
        made.append("map")

    def say(text: str) -> None:
        told.append(text)
        waits.set()

    def use(say: Any) -> None:
        with made_once(tmp_path / "map", "digest", make, say):
            pass

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(use, print)
        assert begins.wait(60)
        use(say)
        first.result(60)

    assert made == ["map"]
    assert told == ["Another run makes or uses the map of these tests; waiting for it."]


def test_map_is_made_anew_once_the_package_has_changed_and_nobody_uses_it(tmp_path: Path) -> None:
    done = list[str]()
    using, told = threading.Event(), threading.Event()

    def use() -> None:
        with made_once(tmp_path / "map", "old", lambda: done.append("old")):
            using.set()
            assert told.wait(60)
            done.append("used")

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(use)
        assert using.wait(60)
        with made_once(tmp_path / "map", "new", lambda: done.append("new"), lambda _: told.set()):
            first.result(60)

    assert done == ["old", "used", "new"]


def test_map_that_could_not_be_made_is_made_by_the_next_run(tmp_path: Path) -> None:
    made = list[str]()

    def fail() -> None:
        raise RuntimeError("a test fails")

    def use(digest: str, make: Any) -> None:
        with made_once(tmp_path / "map", digest, make):
            pass

    use("old", lambda: made.append("old"))
    with pytest.raises(RuntimeError):
        use("new", fail)
    use("old", lambda: made.append("again"))

    assert made == ["old", "again"]


BEFORE = """
LIMIT = 5

def outer(x):
    def inner(y):
        return x + y
    return inner

class Thing:
    size = 1

    def method(self):
        return self.size
"""


def changed(old: str, new: str) -> dict[str, Any]:
    """The names of a module that was ``BEFORE``, after its functions were given their code with ``new`` for ``old``."""
    path, names = f"/no/such/{old}.py", dict[str, Any]()
    code = compile(BEFORE, path, "exec")
    exec(code, names)  # noqa: S102 - the text above
    names["kept"] = names["outer"](1)
    for function, after in replacements(functions_of(path), code, compile(BEFORE.replace(old, new), path, "exec")):
        function.__code__ = after
    return names


def test_function_is_changed_where_it_is() -> None:
    names = changed("return self.size", "return None")

    assert names["Thing"]().method() is None


def test_function_in_another_is_changed_in_those_that_were_made_already_too() -> None:
    names = changed("x + y", "x - y")

    assert (names["kept"](3), names["outer"](1)(3)) == (-2, -2)


@pytest.mark.parametrize(
    ("old", "new"),
    [("LIMIT = 5", "LIMIT = 6"), ("size = 1", "size = 2"), ("def outer(x)", "def outer(x=1)"), ("x + y", "y + y")],
    ids=["module", "class", "default", "closure"],
)
def test_what_runs_at_import_needs_an_import(old: str, new: str) -> None:
    with pytest.raises(NeedsImportError):
        changed(old, new)
