"""A real Kratos for the whole life of an account, and a site before it, both on ``localhost``.

WebAuthn knows no IP address as the name of a site.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.servers import Ground, KratosOfSite, Pair, SettingsOfSite, Site, free_port
from tests.servers.kratos import Settings

PAIR = Pair("kratos", "gunicorn")


@dataclass(frozen=True)
class SettingsOfAccounts(SettingsOfSite):
    """With sign-up, recovery, verification, security keys and passkeys."""

    def apply_to(self, config: dict[str, Any]) -> None:
        """Writes these settings into the configuration of a Kratos."""
        super().apply_to(config)
        methods, flows = config["selfservice"]["methods"], config["selfservice"]["flows"]
        for method in ("webauthn", "passkey"):
            rp = {"id": "localhost", "display_name": "Walks", "origins": [self.site]}
            methods[method] = {"enabled": True, "config": {"rp": rp}}
        for kind in ("registration", "recovery", "verification"):
            flows[kind] = {"enabled": True, "ui_url": f"{self.site}/ory-ui/{kind}"}
        flows["recovery"]["use"] = flows["verification"]["use"] = "code"
        session = {"hooks": [{"hook": "session"}]}
        flows["registration"]["after"] = {"password": session, "passkey": session}


class KratosOfAccounts(KratosOfSite):
    """A Kratos that browsers reach by the name that its site has."""

    settings_class = SettingsOfAccounts

    def _copy_files(self) -> None:
        super()._copy_files()
        path = self.folder / "identity.schema.json"
        schema = json.loads(path.read_text())
        credentials = schema["properties"]["traits"]["properties"]["email"]["ory.sh/kratos"]["credentials"]
        credentials |= {"webauthn": {"identifier": True}, "passkey": {"display_name": True}}
        path.write_text(json.dumps(schema))

    def _write_config(self, settings: Settings) -> str:
        self.public_url = self.public_url.replace("127.0.0.1", "localhost")
        return super()._write_config(settings)


@contextmanager
def account_ground(binary: Path, folder: Path) -> Iterator[Ground]:
    """Both servers while this lasts."""
    port = free_port()
    ory = KratosOfAccounts(binary, folder, f"http://localhost:{port}")
    try:
        site = Site("gunicorn", port, ory.public_url, folder / "site.log", host="localhost")
        try:
            site.await_ready()
            yield Ground(PAIR, ory, site)
        finally:
            site.close()
    finally:
        ory.close()
