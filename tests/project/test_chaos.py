"""A site on several workers stays right and calm while its Ory, a real Kratos, falls ill: the chaos run in short."""

from __future__ import annotations

import os

import pytest

from tools.chaos.__main__ import faults_of, table
from tools.chaos.run import run
from tools.chaos.servers import BUILD, kratos_binary

pytestmark = pytest.mark.kratos

PHASES = ("calm", "storm", "stall", "short_length", "kratos killed", "database gone")


@pytest.mark.parametrize("app_server", ["gunicorn", "uvicorn"])
def test_nobody_is_wronged_while_ory_is_ill(app_server: str) -> None:
    binary = kratos_binary()
    if binary is None:
        no_kratos = pytest.fail if os.environ.get("REQUIRE_KRATOS") == "1" else pytest.skip
        no_kratos(BUILD["MISSING"])

    result = run(binary, app_server, "none", seconds=6, guarded=3, only=lambda phase: phase.name in PHASES)

    # Times are for the long run, on a machine that does nothing else.
    assert faults_of(result, are_times_judged=False) == [], table(result)
    shown = {visit.phase for visit in result.visits if visit.verdict == "shown"}
    assert shown == set(PHASES)
