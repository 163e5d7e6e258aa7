"""A real Kratos or an emulator for the whole life of an account, and a site before it, both on ``localhost``.

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
from tests.servers.emulator import EmulatorServer
from tests.servers.kratos import KratosServer, Settings

ON_KRATOS, OWN_PAGES, PAGES_OF_SITE = PLACES = "on-kratos", "on-emulator", "on-emulator-with-pages-of-the-site"


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


class EmulatorOfAccounts(EmulatorServer):
    """An emulator that browsers reach by the name that its site has; ``ui_url`` if its pages are not its own."""

    def __init__(self, site: str, *, ui_url: str = "", version: str = "2026-07-29") -> None:
        super().__init__(version, host="localhost")
        self.ory.webauthn = self.ory.passkey = True
        self.ory.ui_url = ui_url or self.ory.ui_url
        self.ory.allowed_return_urls = (f"{site}/",)
        self.ory.default_return_url = f"{site}/"


@contextmanager
def account_ground(place: str, binary: Path | None, folder: Path) -> Iterator[Ground]:
    """Both servers while this lasts; ``place`` is one of ``PLACES``, and ``binary`` is for a Kratos."""
    port = free_port()
    site_url = f"http://localhost:{port}"
    ory = open_ory(place, binary, folder, site_url)
    try:
        site = Site("gunicorn", port, ory.public_url, folder / "site.log", host="localhost")
        try:
            site.await_ready()
            ground = Ground(Pair(ory.name, "gunicorn"), ory, site)
            with ground.in_use():
                yield ground
        finally:
            site.close()
    finally:
        ory.close()


def open_ory(place: str, binary: Path | None, folder: Path, site_url: str) -> KratosServer:
    """A Kratos from ``binary``, or an emulator."""
    if binary is not None:
        return KratosOfAccounts(binary, folder, site_url)
    return EmulatorOfAccounts(site_url, ui_url="" if place == OWN_PAGES else f"{site_url}/ory-ui")
