"""Put a fake Ory in the place of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import SimpleTestCase

from django_ory_mfa.conf import conf
from django_ory_mfa.ory.service import use_transport
from django_ory_mfa.testing.fake import FakeOry
from django_ory_mfa.testing.transport import FakeOryTransport


@contextmanager
def installed(ory: FakeOry | None = None) -> Iterator[FakeOry]:
    """Let ``ory``, or a new fake, answer every call of the package to ``ORY_MFA_SDK_URL`` within this context."""
    if ory is None:
        ory = FakeOry(public_url=conf.browser_url, cookie_name=conf.session_cookie or "ory_kratos_session")
    before = use_transport(FakeOryTransport(ory, conf.sdk_url))
    try:
        yield ory
    finally:
        use_transport(before)


class FakeOryMixin(SimpleTestCase):
    """A mixin for Django's test cases: ``self.ory`` is a fake Ory, new for each test."""

    ory: FakeOry

    def setUp(self) -> None:
        """Called by unittest before each test."""
        super().setUp()
        self.ory = self.enterContext(installed())
