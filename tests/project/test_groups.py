from __future__ import annotations

import pytest

from tests.groups import group_of


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/project/test_demo.py::test_people_and_places_are_printed", "tests/project/test_demo.py"),
        ("tests/guard/test_scenarios.py::test_password[async-kratos-strict]", "tests/guard/test_scenarios.py"),
        ("tests/browser/test_guide.py::test_guide[kratos-gunicorn]", "walks on kratos"),
        ("tests/browser/test_habits.py::test_two_tabs[emulator-uvicorn-back]", "walks on emulator"),
        (
            "tests/core/test_properties.py::test_next_is_of_this_site",
            "tests/core/test_properties.py::test_next_is_of_this_site",
        ),
    ],
)
def test_tests_that_share_something_expensive_are_one_group(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group
