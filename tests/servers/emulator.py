"""The emulator as the server of the scenarios: a fake Ory over HTTP, driven like a real Kratos."""

from __future__ import annotations

from django_ory_mfa.testing import FakeOry
from django_ory_mfa.testing.emulator import Emulator
from django_ory_mfa.testing.emulator.server import HOST
from tests.servers.fake import age_proofs
from tests.servers.kratos import RETURN_URLS, Http, KratosServer, Settings


class EmulatorServer(KratosServer):
    """An emulator of ``version`` from now until ``close``."""

    def __init__(self, version: str = "2026-07-29", *, host: str = HOST) -> None:
        self.name = f"emulator {version}"
        self.version = version
        self.emulator = Emulator(ory=FakeOry(version), people=(), return_urls=RETURN_URLS, host=host).start()
        self.public_url = self.admin_url = self.emulator.url
        self._http = Http()
        self._settings = Settings("strict")

    @property
    def ory(self) -> FakeOry:
        """The fake behind it."""
        return self.emulator.ory

    @property
    def log(self) -> str:
        """The emulator keeps no log."""
        return ""

    def let_time_pass(self, seconds: float) -> None:
        """Makes every proof so far that much older."""
        age_proofs(self.ory, seconds)

    def close(self) -> None:
        """Ends the server."""
        self._http.close()
        self.emulator.close()

    def _switch_to(self, settings: Settings) -> None:
        required = "highest_available" if settings.mode == "strict" else "aal1"
        self.ory.required_aal = required
        self.ory.settings_required_aal = settings.settings_required_aal or required
        self.ory.code_mfa = settings.code_mfa
        self._settings = settings
