"""The parts of the mutation tests that need nothing but the suite's own tools."""

from __future__ import annotations

from typing import Any

import pytest

from tools.mutants.changes import NeedsImportError, functions_of, replacements
from tools.mutants.explained import read_explained
from tools.mutants.places import EXPLAINED, PACKAGE, chosen, own_tests, sources


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
    assert all((PACKAGE.parent / name).is_file() for file in sources() for name in own_tests(file))


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
