"""The parts of the mutation tests that need nothing but the suite's own tools."""

from __future__ import annotations

import pytest

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
