"""The frameworks of APIs, which some tests need and no site has to install."""

from __future__ import annotations

import os
from typing import Any

import pytest


def needed(*modules: str) -> Any:
    """Import ``modules`` and return the last; where one is not installed, skip the test, or the file that calls this.

    ``REQUIRE_APIS=1`` makes its absence a failure.
    """
    # The reason stands beside the line of the test.
    __tracebackhide__ = True
    found = None
    for module in modules:
        try:
            found = pytest.importorskip(module)
        except pytest.skip.Exception as missing:
            if os.environ.get("REQUIRE_APIS") == "1":
                pytest.fail(str(missing))
            raise
    return found
