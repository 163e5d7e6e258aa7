"""Test support: an Ory in memory and the ways to put it in the place of the real one."""

from __future__ import annotations

from django_ory_mfa.testing._identity import FakeIdentity, FakeProof
from django_ory_mfa.testing._people import FakeSession
from django_ory_mfa.testing.assertions import assert_denied, assert_step_up
from django_ory_mfa.testing.fake import FakeOry
from django_ory_mfa.testing.install import FakeOryMixin, installed
from django_ory_mfa.testing.transport import FakeOryTransport

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
