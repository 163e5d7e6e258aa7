"""Which tests share a process when the suite runs in several: servers, browsers and builds are then started once."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


def group_of(nodeid: str) -> str:
    """The tests of one group run in one process, one after the other."""
    path, _, test = nodeid.partition("::")
    if "browser/" in path and (ory := re.search(r"\[(kratos|emulator)-", test)):
        return f"walks on {ory[1]}"
    # Long, few, and nothing in common: the last to be given away, one by one.
    whole = ("core/test_properties.py", "contrib/test_auth.py", "contrib/test_admin.py", "test_crossings.py")
    return nodeid if path.endswith(whole) else path


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
