"""The questions that the doctor asks Ory.

SECURITY: every one is a GET that sends nothing to anybody. A login flow for aal2 may send a code by e-mail when it is
opened, so that none is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import Credential
from django_ory_mfa.ory.client import OryClient

UNREADABLE = "x"


@contextmanager
def unlogged(name: str) -> Iterator[None]:
    """Nothing is logged by the logger ``name`` meanwhile."""
    logger = logging.getLogger(name)
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


class Probe(OryClient):
    """Asks as the package does: in the same time, without redirects, and without keeping a cookie."""

    def anonymous_whoami(self) -> Answer:
        """The session of nobody."""
        return self._ask("/sessions/whoami")

    def ready(self) -> Answer:
        """Whether Ory has its database."""
        return self._ask("/health/ready")

    def login_flow(self, return_to: str | None = None) -> Answer:
        """A login flow for somebody who is not signed in."""
        return self._ask("/self-service/login/browser", query=None if return_to is None else {"return_to": return_to})

    @sensitive_variables()
    def whoami_beside_cookie(self, credential: Credential, cookie_name: str) -> Answer:
        """Whoami by token, with a cookie that Ory cannot read, and stumbles over if that is the name of its own."""
        return self._ask("/sessions/whoami", {**credential.headers(), "Cookie": f"{cookie_name}={UNREADABLE}"})

    @sensitive_variables()
    def first_factor_again(self, credential: Credential) -> Answer:
        """A login flow to prove the first factor again, which says who is signed in also where whoami refuses to."""
        return self._ask("/self-service/login/api", credential.headers(), {"refresh": "true"})

    def version(self) -> Answer:
        """Of the admin API: the version."""
        return self._ask("/admin/version")

    @sensitive_variables()
    def identities(self, identifier: str) -> Answer:
        """Of the admin API: who signs in by ``identifier``."""
        # SECURITY: the HTTP library logs the query while it debugs, and this one names a person.
        with unlogged("urllib3.connectionpool"):
            return self._ask("/admin/identities", query={"credentials_identifier": identifier})

    @sensitive_variables()
    def _ask(self, path: str, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Answer:
        # Past the breaker, which is there for visitors and would answer for Ory.
        return self._answer("GET", path, headers or {}, query, None)
