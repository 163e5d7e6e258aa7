"""One Ory in this process: its client, its health, its shared calls and what is remembered about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_ory_mfa.conf import conf
from django_ory_mfa.ory.enrolment_memory import EnrolmentMemory
from django_ory_mfa.ory.health import Health
from django_ory_mfa.ory.kept_answer import KeptAnswer
from django_ory_mfa.ory.known_credentials import KnownCredentials
from django_ory_mfa.ory.singleflight import Group
from django_ory_mfa.runtime import per_process
from django_ory_mfa.runtime.per_process import once_per_process

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

_transport: BaseAdapter | None = None


class Ory:
    """Everything that this process holds for the Ory at ``url``; nothing is shared with another Ory."""

    def __init__(self, url: str, transport: BaseAdapter | None = None) -> None:
        # Here, because most management commands never call Ory. A server imports it when it builds the middleware.
        from django_ory_mfa.ory.client import OryClient

        self.url = url
        self.client = OryClient(url, transport)
        self.calls = Group()
        self.health = Health(self.client, self.calls)
        self.webauthn_script = KeptAnswer("webauthn script", self.client.webauthn_script, self.calls)
        self.enrolments = EnrolmentMemory()
        self.known_credentials = KnownCredentials()


def get_ory() -> Ory:
    """Return this process's object for the configured Ory; raises ``ImproperlyConfigured`` if the URL is not valid."""
    return _ory(conf.sdk_url)


@once_per_process
def _ory(url: str) -> Ory:
    return Ory(url, _transport)


def use_transport(transport: BaseAdapter | None) -> BaseAdapter | None:
    """Send the calls of every client from now on through ``transport``, or the network if None; return the old one."""
    global _transport
    before, _transport = _transport, transport
    per_process.forget_ory()
    return before
