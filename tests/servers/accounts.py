"""A real Kratos with sign-up, recovery and verification, as the emulator always has them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tests.servers.kratos import KratosServer, Settings

UI = "http://127.0.0.1:8000/ory-ui"


@dataclass(frozen=True)
class SettingsWithAccounts(Settings):
    """With the flows for people who are not signed in, all of them by password and code."""

    def apply_to(self, config: dict[str, Any]) -> None:
        """Writes these settings into the configuration of a Kratos."""
        super().apply_to(config)
        flows = config["selfservice"]["flows"]
        for kind in ("registration", "recovery", "verification"):
            flows[kind] = {"enabled": True, "ui_url": f"{UI}/{kind}"}
        flows["recovery"]["use"] = flows["verification"]["use"] = "code"
        flows["registration"]["after"] = {"password": {"hooks": [{"hook": "session"}]}}


class KratosWithAccounts(KratosServer):
    """A Kratos that takes people on."""

    def _write_config(self, settings: Settings) -> str:
        return super()._write_config(SettingsWithAccounts(**asdict(settings)))
