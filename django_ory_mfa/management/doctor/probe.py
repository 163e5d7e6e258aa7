"""The requests of the doctor to Ory.

SECURITY: every one is a GET, and none makes Ory send an e-mail. Opening a login flow for aal2 may send a code, so the
doctor opens one only with ``--as`` and after a yes; see ``collect.py``.
"""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

from django_ory_mfa.conf import conf
from django_ory_mfa.core.answer import Answer
from django_ory_mfa.core.credentials import Credential
from django_ory_mfa.management.unlogged import unlogged
from django_ory_mfa.ory.client import OryClient

UNREADABLE = "x"


class Probe(OryClient):
    """The client of the package, with its time-outs; it follows no redirects and keeps no cookies."""

    def anonymous_whoami(self) -> Answer:
        """Call whoami without a credential."""
        return self._ask("/sessions/whoami")

    def ready(self) -> Answer:
        """Call the health check, which fails without the database."""
        return self._ask("/health/ready")

    def login_flow(self, return_to: str | None = None) -> Answer:
        """Open a login flow without a session."""
        return self._ask("/self-service/login/browser", query=None if return_to is None else {"return_to": return_to})

    @sensitive_variables()
    def whoami_beside_cookie(self, credential: Credential, cookie_name: str) -> Answer:
        """Call whoami with the token and an unreadable cookie; Ory fails if the cookie has the name of its own."""
        return self._ask("/sessions/whoami", {**credential.headers(), "Cookie": f"{cookie_name}={UNREADABLE}"})

    @sensitive_variables()
    def first_factor_again(self, credential: Credential) -> Answer:
        """Open a login flow that repeats the first factor; it names the account even where whoami returns 403."""
        return self._ask("/self-service/login/api", credential.headers(), {"refresh": "true"})

    def schemas(self) -> Answer:
        """Ask for the identity schemas, which Ory shows to everybody."""
        return self._ask("/schemas")

    def version(self) -> Answer:
        """Ask the admin API for the version."""
        return self._ask("/admin/version")

    @sensitive_variables()
    def identities(self, identifier: str) -> Answer:
        """Ask the admin API for the account that signs in with ``identifier``."""
        # SECURITY: urllib3 logs queries at level DEBUG, and this one contains personal data.
        with unlogged("urllib3.connectionpool"):
            return self._ask("/admin/identities", query={"credentials_identifier": identifier})

    @sensitive_variables()
    def _ask(self, path: str, headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> Answer:
        # Not through the circuit breaker, which may answer in place of Ory.
        return self._answer("GET", path, headers or {}, query, None, conf.timeout)
