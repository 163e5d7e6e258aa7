"""Test support: an Ory in memory and the ways to put it in the place of the real one."""

from __future__ import annotations

from ._identity import FakeIdentity, FakeProof
from ._people import FakeSession
from .assertions import assert_denied, assert_step_up
from .fake import FakeOry
from .install import FakeOryMixin, installed
from .transport import FakeOryTransport

__all__ = [
    "FakeIdentity",
    "FakeOry",
    "FakeOryMixin",
    "FakeOryTransport",
    "FakeProof",
    "FakeSession",
    "assert_denied",
    "assert_step_up",
    "installed",
]
