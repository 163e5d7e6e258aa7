"""Runs ``tests/contrib_admin``, a site with an admin behind Ory, under settings of its own, as its neighbour does."""

from __future__ import annotations

from tests.contrib.test_auth import run


def test_admin_of_a_site() -> None:
    run(folder="contrib_admin")
